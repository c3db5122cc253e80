"""EventDatabase: PostgreSQL on RDS, where events and the record of what was done with them live."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, rds

from components.function_unit import FunctionPlatform
from components.naming import DATABASE_IDENTIFIER_LENGTH
from components.network import POSTGRES_PORT, PrivateNetwork
from components.policy import PolicyStatement
from components.secret_parameter import SecretParameter, SecretParameterArgs
from components.settings import DatabaseSettings

DATABASE_NAME = "fluxa"
DATABASE_USER = "fluxa_admin"

_STORAGE_GROWTH_FACTOR = 5
"""Storage grows by itself up to this multiple of its first size, so that a busy month does not stop the platform."""
_STORAGE_LIMIT_GB = 65_536
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html"""
_SLOW_STATEMENT_MS = 1_000
_EXPORTED_LOGS = ("postgresql", "upgrade")


@dataclass(frozen=True, kw_only=True)
class EventDatabaseArgs:
    """What the database depends on."""

    settings: DatabaseSettings
    platform: FunctionPlatform
    network: PrivateNetwork


class EventDatabase(pulumi.ComponentResource):
    """One PostgreSQL instance in private subnets, its password in SSM."""

    host: pulumi.Output[str]
    port: pulumi.Output[int]
    endpoint: pulumi.Output[str]
    """`host:port`."""

    def __init__(self, name: str, args: EventDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:database:EventDatabase", name, None, opts)
        self._settings = args.settings
        self._password = SecretParameter(
            f"{name}-password",
            SecretParameterArgs(
                path=args.platform.naming.parameter("database/password"), description=f"Password of {DATABASE_USER}"
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self._instance = self._create_instance(name, args)
        self.host = self._instance.address
        self.port = self._instance.port
        self.endpoint = self._instance.endpoint
        self.register_outputs({"host": self.host, "port": self.port, "endpoint": self.endpoint})

    def environment(self) -> dict[str, pulumi.Input[str]]:
        """Offer what a function must be told to connect. The password is named, never given."""
        return {
            "DATABASE_HOST": self.host,
            "DATABASE_PORT": self.port.apply(str),
            "DATABASE_NAME": DATABASE_NAME,
            "DATABASE_USER": DATABASE_USER,
            "DATABASE_PASSWORD_PARAMETER": self._password.name,
            "DATABASE_TLS": "verify-full" if self._settings.require_tls else "disable",
        }

    def password_statement(self) -> PolicyStatement:
        """Offer reading the password."""
        return self._password.read_statement()

    def _create_instance(self, name: str, args: EventDatabaseArgs) -> rds.Instance:
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        identifier = args.platform.naming.physical("database", max_length=DATABASE_IDENTIFIER_LENGTH)
        subnets = rds.SubnetGroup(f"{name}-subnets", subnet_ids=list(args.network.database_subnet_ids), opts=child)
        return rds.Instance(
            f"{name}-instance",
            identifier=identifier,
            engine="postgres",
            engine_version=settings.engine_version,
            auto_minor_version_upgrade=True,
            # Once the major version leaves standard support AWS would bill for keeping it.
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            instance_class=settings.instance_class,
            allocated_storage=settings.allocated_storage_gb,
            max_allocated_storage=min(settings.allocated_storage_gb * _STORAGE_GROWTH_FACTOR, _STORAGE_LIMIT_GB),
            storage_type="gp3",
            storage_encrypted=True,
            db_name=DATABASE_NAME,
            username=DATABASE_USER,
            password_wo=self._password.value(),
            password_wo_version=self._password.version,
            port=POSTGRES_PORT,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.network.database_security_group_id],
            publicly_accessible=False,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            parameter_group_name=_create_parameters(name, settings, child).name,
            multi_az=settings.multi_az,
            backup_retention_period=settings.backup_retention_days,
            delete_automated_backups=not settings.deletion_protection,
            copy_tags_to_snapshot=True,
            deletion_protection=settings.deletion_protection,
            skip_final_snapshot=not settings.deletion_protection,
            final_snapshot_identifier=f"{identifier}-final" if settings.deletion_protection else None,
            enabled_cloudwatch_logs_exports=list(_EXPORTED_LOGS),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=settings.deletion_protection,
                # Its name is fixed, for its log groups and for people: a replacement cannot stand beside it.
                delete_before_replace=True,
                depends_on=_create_log_groups(name, identifier, args.platform.log_retention_days, child),
            ),
        )


def _create_log_groups(
    name: str, identifier: str, retention_days: int, opts: pulumi.ResourceOptions
) -> list[cloudwatch.LogGroup]:
    """Make the log groups before RDS does: RDS's would keep everything for ever."""
    return [
        cloudwatch.LogGroup(
            f"{name}-{log}-logs",
            name=f"/aws/rds/instance/{identifier}/{log}",
            retention_in_days=retention_days,
            opts=opts,
        )
        for log in _EXPORTED_LOGS
    ]


def _create_parameters(name: str, settings: DatabaseSettings, opts: pulumi.ResourceOptions) -> rds.ParameterGroup:
    parameters = {
        "rds.force_ssl": "1" if settings.require_tls else "0",
        "log_statement": "ddl",
        "log_min_duration_statement": str(_SLOW_STATEMENT_MS),
        # Bound values are events: slow or failing statements are logged without them.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    return rds.ParameterGroup(
        f"{name}-parameters",
        family=f"postgres{settings.engine_version}",
        parameters=[{"name": key, "value": value} for key, value in parameters.items()],
        opts=opts,
    )
