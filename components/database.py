"""EventDatabase: PostgreSQL on RDS, where events and the record of what was done with them live."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import rds

from components.database_instances import DATABASE_NAME, Instances, InstancesArgs
from components.database_passwords import Passwords, RoleSecrets
from components.database_proxy import DatabaseProxy, DatabaseProxyArgs
from components.database_tokens import connect_statement
from components.function_unit import FunctionUnit
from components.network import FunctionPlacement, Network
from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.secret_store import SecretStore
from components.settings import DatabaseSettings, SecretsSettings
from functions.common.names import DatabaseRole


@dataclass(frozen=True, kw_only=True)
class EventDatabaseArgs:
    """What the database depends on."""

    settings: DatabaseSettings
    secrets: SecretsSettings
    platform: StackPlatform
    network: Network


@dataclass(frozen=True, kw_only=True)
class DatabaseLogin:
    """What a function needs to log in as one role."""

    environment: Mapping[str, pulumi.Input[str]]
    """Names only: the password, where there is one, is read at first use."""
    statements: tuple[PolicyStatement, ...]


@dataclass(frozen=True, kw_only=True)
class _Way:
    """Where one role connects to."""

    host: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    """What tokens are for."""
    authorities: str
    """Whose certificates are believed there."""


class EventDatabase(pulumi.ComponentResource):
    """One PostgreSQL instance and, as its settings say, a proxy before it and a replica beside it.

    Maintenance connects to the instance itself; the processor by the proxy, if there is one; query to the replica, or
    else where the processor does.
    """

    host: pulumi.Output[str]
    """The instance's own, whatever stands before it."""
    port: pulumi.Output[int]
    endpoint: pulumi.Output[str]
    """`host:port`."""
    identifier: pulumi.Output[str]
    """The instance's name to RDS and in its metrics; the replica's and the proxy's likewise."""
    instance_id: pulumi.Output[str]
    """AWS's own id of the instance: another one when it was replaced, under whatever name, by an empty one."""
    replica_identifier: pulumi.Output[str] | None
    proxy_name: pulumi.Output[str] | None
    instance_class: str
    """The replica's as well."""
    allocated_storage_gb: int
    """At the start."""
    placement: FunctionPlacement | None
    """Where a function has to be to reach it; none for outside any network."""
    secret_store: SecretStore
    """Where passwords are kept, and with them whatever else is to be secret."""
    ready: list[pulumi.Resource]
    """What must exist before anything connects."""

    def __init__(self, name: str, args: EventDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:database:EventDatabase", name, None, opts)
        settings = args.settings
        self._args = args
        self.secret_store = SecretStore(
            settings=args.secrets, platform=args.platform, deletion_protection=settings.deletion_protection
        )
        self._passwords = Passwords(name, self.secret_store, replicated=settings.read_replica, parent=self)
        instances = Instances(
            name,
            InstancesArgs(settings=settings, secrets=args.secrets, platform=args.platform, network=args.network),
            self,
        )
        self._instance = instances.primary(self._passwords.master_inputs())
        self._replica = instances.replica(self._instance) if settings.read_replica else None
        self._proxy = self._create_proxy(f"{name}-proxy", args) if settings.proxy else None

        self.host, self.port, self.endpoint = self._instance.address, self._instance.port, self._instance.endpoint
        self.identifier, self.instance_id = self._instance.identifier, self._instance.resource_id
        self.replica_identifier = None if self._replica is None else self._replica.identifier
        self.proxy_name = None if self._proxy is None else self._proxy.name
        self.instance_class, self.allocated_storage_gb = settings.instance_class, settings.allocated_storage_gb
        self.placement = args.network.functions
        self.ready = [
            args.network,
            self._instance,
            *([] if self._replica is None else [self._replica]),
            *([] if self._proxy is None else self._proxy.ready),
        ]
        self.register_outputs(
            {
                "host": self.host,
                "port": self.port,
                "endpoint": self.endpoint,
                "identifier": self.identifier,
                "replica_identifier": self.replica_identifier,
                "proxy_name": self.proxy_name,
            }
        )

    def login(self, role: DatabaseRole) -> DatabaseLogin:
        """Offer logging in as one role."""
        way = self._way(role)
        proof, statements = self._proof(role, way)
        return DatabaseLogin(
            environment={
                "DATABASE_HOST": way.host,
                "DATABASE_PORT": self.port.apply(str),
                "DATABASE_NAME": DATABASE_NAME,
                "DATABASE_USER": role.value,
                "DATABASE_TLS": way.authorities if self._args.settings.require_tls else "disable",
                **proof,
            },
            statements=statements,
        )

    def role_secrets(self) -> RoleSecrets:
        """Offer giving the application's roles what they log in with: maintenance's work."""
        return self._passwords.role_secrets()

    def rotate_with(self, function: FunctionUnit, opts: pulumi.ResourceOptions) -> None:
        """Have a function change the application's passwords, as often as the settings say; never is one answer.

        Args:
            function: Maintenance.
            opts: Options of what is made. It must depend on the migrations, which make the roles, and so must not be
                below this component, on which they depend.
        """
        self._passwords.rotate_with(function, opts)

    def _way(self, role: DatabaseRole) -> _Way:
        if role is DatabaseRole.QUERY and self._replica is not None:
            return _direct(self._replica)
        if role is DatabaseRole.ADMIN or self._proxy is None:
            return _direct(self._instance)
        # The proxy's certificate comes from a public authority, not from RDS's own.
        return _Way(host=self._proxy.host, resource_id=self._proxy.resource_id, authorities="verify-system")

    def _proof(
        self, role: DatabaseRole, way: _Way
    ) -> tuple[Mapping[str, pulumi.Input[str]], tuple[PolicyStatement, ...]]:
        if role is DatabaseRole.ADMIN:
            secret = self._passwords.of_master(self._instance)
        elif role in self._passwords.of_roles:
            secret = self._passwords.of_roles[role]
        else:
            connect = connect_statement(self._args.platform.account, way.resource_id, role)
            return {"DATABASE_AUTH": "iam"}, (connect,)
        return {"DATABASE_AUTH": secret.backend, "DATABASE_SECRET": secret.reference}, secret.read_statements()

    def _create_proxy(self, name: str, args: EventDatabaseArgs) -> DatabaseProxy:
        group = args.network.proxy_security_group_id
        if group is None:
            raise ValueError("database.proxy is true, but the network was made without room for one: give it `proxy`.")
        proxied = [DatabaseRole.PROCESSOR, *([] if args.settings.read_replica else [DatabaseRole.QUERY])]
        return DatabaseProxy(
            name,
            DatabaseProxyArgs(
                platform=args.platform,
                network=args.network,
                security_group_id=group,
                instance=self._instance,
                require_tls=args.settings.require_tls,
                roles=proxied,
                passwords=self._passwords.of_roles,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _direct(instance: rds.Instance) -> _Way:
    return _Way(host=instance.address, resource_id=instance.resource_id, authorities="verify-full")
