"""The instances of RDS: the one that is written to, and a replica beside it."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, iam, rds

from components.database_monitoring import MONITORING_INTERVAL_SECONDS, create_monitoring_role
from components.database_parameters import create_parameters
from components.naming import DATABASE_IDENTIFIER_LENGTH
from components.network import POSTGRES_PORT, Network
from components.platform import StackPlatform
from components.settings import DatabaseSettings, SecretsSettings
from components.settings.connections import MEMORY_GIB
from functions.common.names import DatabaseRole

DATABASE_NAME = "fluxa"

_STORAGE_GROWTH_FACTOR = 5
"""Storage grows by itself up to this multiple of its first size, so that a busy month does not stop the platform."""
_STORAGE_LIMIT_GB = 65_536
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html"""
_EXPORTED_LOGS = ("postgresql", "upgrade")
_INSIGHTS_DAYS = 7
"""What is kept without charge."""
_TOKENS_NEED_MEMORY_GIB = 4
"""RDS checks tokens in processes of its own, which take 300 to 1000 MiB whether or not any token comes.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
"""

# In UTC and apart from each other, and from maintenance's own run at 03:17. Left to itself AWS chooses at random.
_BACKUP_WINDOW = "01:15-01:45"
_MAINTENANCE_WINDOW = "sun:04:15-sun:04:45"

_TIME_OUTS = pulumi.CustomTimeouts(create="90m", update="180m", delete="90m")
"""A replica starts from a snapshot, a class or a disk changes on both zones, and the last snapshot comes before the
end: at 40 minutes the provider would give up on what RDS goes on doing."""


@dataclass(frozen=True, kw_only=True)
class InstancesArgs:
    """What the instances depend on."""

    settings: DatabaseSettings
    secrets: SecretsSettings
    platform: StackPlatform
    network: Network


class Instances:
    """Makes instances that share their parameters, their network and who watches them."""

    def __init__(self, name: str, args: InstancesArgs, parent: pulumi.Resource) -> None:
        self._name, self._args, self._parent = name, args, parent
        self._child = pulumi.ResourceOptions(parent=parent)
        self._parameters = create_parameters(name, args.settings, self._child)
        self._monitoring: tuple[iam.Role, iam.RolePolicy] | None = None
        if args.settings.enhanced_monitoring:
            self._monitoring = create_monitoring_role(name, args.platform.account, self._child)

    def primary(self, master: dict[str, Any]) -> rds.Instance:
        """Create the instance that is written to.

        Args:
            master: The inputs that say what its master user logs in with.
        """
        settings = self._args.settings
        key = self._args.platform.key_for(settings.encryption)
        identifier, protected = self._identifier("database"), settings.deletion_protection
        network = self._args.network
        subnets = rds.SubnetGroup(
            f"{self._name}-subnets", subnet_ids=list(network.database_subnet_ids), opts=self._child
        )
        return rds.Instance(
            f"{self._name}-instance",
            identifier=identifier,
            engine="postgres",
            engine_version=settings.engine_version,
            # Once the major version leaves standard support AWS would bill for keeping it.
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            allocated_storage=settings.allocated_storage_gb,
            kms_key_id=None if key is None else key.arn,
            db_name=DATABASE_NAME,
            username=DatabaseRole.ADMIN.value,
            **master,
            port=POSTGRES_PORT,
            db_subnet_group_name=subnets.name,
            publicly_accessible=network.database_is_public,
            multi_az=settings.multi_az,
            backup_retention_period=settings.backup_retention_days,
            backup_window=_BACKUP_WINDOW if settings.backup_retention_days else None,
            delete_automated_backups=not protected,
            skip_final_snapshot=not protected,
            final_snapshot_identifier=f"{identifier}-final" if protected else None,
            **self._shared(),
            opts=self._options(self._log_groups(self._name, identifier)),
        )

    def replica(self, primary: rds.Instance) -> rds.Instance:
        """Create a copy that follows the primary: its engine, key, subnets, users and passwords are the primary's.

        It has no backups and leaves no snapshot, because it holds nothing that the primary does not.
        """
        identifier = self._identifier("database-replica")
        return rds.Instance(
            f"{self._name}-replica",
            identifier=identifier,
            replicate_source_db=primary.identifier,
            # Never, whatever the primary is: settings refuse a replica beside a public database.
            publicly_accessible=False,
            multi_az=False,
            skip_final_snapshot=True,
            **self._shared(),
            opts=self._options(self._log_groups(f"{self._name}-replica", identifier)),
        )

    def _identifier(self, role: str) -> str:
        return self._args.platform.naming.physical(role, max_length=DATABASE_IDENTIFIER_LENGTH)

    def _shared(self) -> dict[str, Any]:
        settings, network = self._args.settings, self._args.network
        return {
            "instance_class": settings.instance_class,
            "max_allocated_storage": min(settings.allocated_storage_gb * _STORAGE_GROWTH_FACTOR, _STORAGE_LIMIT_GB),
            "storage_type": "gp3",
            "storage_encrypted": True,
            "vpc_security_group_ids": [network.database_security_group_id],
            "iam_database_authentication_enabled": self._takes_tokens(),
            "auto_minor_version_upgrade": True,
            "maintenance_window": _MAINTENANCE_WINDOW,
            "ca_cert_identifier": "rds-ca-rsa2048-g1",
            "parameter_group_name": self._parameters.name,
            "copy_tags_to_snapshot": True,
            "deletion_protection": settings.deletion_protection,
            "enabled_cloudwatch_logs_exports": list(_EXPORTED_LOGS),
            **self._watched(),
        }

    def _takes_tokens(self) -> bool:
        """Take tokens where functions log in with them, and for people wherever the instance has room for it.

        Only roles that were granted `rds_iam` can use one, so that none is let in who was not before.
        """
        settings = self._args.settings
        return self._args.secrets.backend == "iam" or MEMORY_GIB[settings.instance_class] >= _TOKENS_NEED_MEMORY_GIB

    def _watched(self) -> dict[str, Any]:
        settings = self._args.settings
        watched: dict[str, Any] = {"performance_insights_enabled": settings.performance_insights}
        if settings.performance_insights:
            key = self._args.platform.key_for(settings.encryption)
            watched["performance_insights_retention_period"] = _INSIGHTS_DAYS
            watched["performance_insights_kms_key_id"] = None if key is None else key.arn
        if self._monitoring is not None:
            watched["monitoring_interval"] = MONITORING_INTERVAL_SECONDS
            watched["monitoring_role_arn"] = self._monitoring[0].arn
        return watched

    def _log_groups(self, name: str, identifier: str) -> list[cloudwatch.LogGroup]:
        """Make the log groups before RDS does: RDS's would keep everything for ever."""
        keeping = self._args.platform.logs
        return [
            keeping.group(f"{name}-{log}-logs", f"/aws/rds/instance/{identifier}/{log}", self._child)
            for log in _EXPORTED_LOGS
        ]

    def _options(self, logs: list[cloudwatch.LogGroup]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self._parent,
            protect=self._args.settings.deletion_protection,
            # Its name is fixed, for its log groups and for people: a replacement cannot stand beside it.
            delete_before_replace=True,
            custom_timeouts=_TIME_OUTS,
            depends_on=[*logs, *([] if self._monitoring is None else [self._monitoring[1]])],
        )
