"""DatabaseProxy: RDS Proxy, by which functions share connections to the database and outlive its fail-over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import iam, rds

from components.database_tokens import connect_statement
from components.naming import DATABASE_IDENTIFIER_LENGTH
from components.network import Network
from components.platform import StackPlatform
from components.policy import PolicyStatement, policy_json, trust_json
from components.secret_store import StoredSecret
from components.settings.connections import BUDGET_SHARE
from functions.common.names import DatabaseRole

_BORROW_TIMEOUT_SECONDS = 4
"""What a statement waits for a connection when all are busy: less than the five seconds a function waits for its own,
which so hears of it from the proxy and can say what is wrong."""
_IDLE_CLIENT_SECONDS = 900
"""A function keeps a connection for a quarter of an hour; what is idle for longer belongs to one that is gone."""
_CONNECTIONS_PERCENT = round(BUDGET_SHARE * 100)
_IDLE_CONNECTIONS_PERCENT = _CONNECTIONS_PERCENT // 2


@dataclass(frozen=True, kw_only=True)
class DatabaseProxyArgs:
    """What the proxy depends on."""

    platform: StackPlatform
    network: Network
    security_group_id: pulumi.Input[str]
    """Whoever is in it reaches the instance, and functions reach them."""
    instance: rds.Instance
    require_tls: bool
    roles: Sequence[DatabaseRole]
    """Who comes this way."""
    passwords: Mapping[DatabaseRole, StoredSecret]
    """Secrets of Secrets Manager; none of these roles has one where functions and proxy log in with tokens."""


class DatabaseProxy(pulumi.ComponentResource):
    """A proxy in the database's subnets, before one instance."""

    host: pulumi.Output[str]
    name: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    """What names the proxy to those who connect with tokens, e.g. `prx-0123`."""
    ready: list[pulumi.Resource]
    """What must exist before anything connects."""

    def __init__(self, name: str, args: DatabaseProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:database_proxy:DatabaseProxy", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        proxy = self._create_proxy(name, args, child)
        pool = rds.ProxyDefaultTargetGroup(
            f"{name}-pool",
            db_proxy_name=proxy.name,
            # No query at the start of each connection: time-outs belong to the roles.
            connection_pool_config={
                "max_connections_percent": _CONNECTIONS_PERCENT,
                "max_idle_connections_percent": _IDLE_CONNECTIONS_PERCENT,
                "connection_borrow_timeout": _BORROW_TIMEOUT_SECONDS,
            },
            opts=child,
        )
        target = rds.ProxyTarget(
            f"{name}-target",
            db_proxy_name=proxy.name,
            target_group_name=pool.name,
            db_instance_identifier=args.instance.identifier,
            # Before the rules of the network are there the proxy would not reach the instance, and wait in vain.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.instance, pool, args.network]),
        )
        self.host, self.name = proxy.endpoint, proxy.name
        self.resource_id = proxy.arn.apply(lambda arn: arn.rpartition(":")[2])
        self.ready = [proxy, target]
        self.register_outputs({"host": self.host, "name": self.name, "resource_id": self.resource_id})

    def _create_proxy(self, name: str, args: DatabaseProxyArgs, opts: pulumi.ResourceOptions) -> rds.Proxy:
        physical_name = args.platform.naming.physical("database-proxy", max_length=DATABASE_IDENTIFIER_LENGTH)
        logs = args.platform.logs.group(f"{name}-logs", f"/aws/rds/proxy/{physical_name}", opts)
        role = iam.Role(
            f"{name}-role",
            description="Lets RDS Proxy log in to the database",
            # No condition on the account: RDS Proxy sends none of the keys there are for it.
            # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html
            assume_role_policy=trust_json("rds.amazonaws.com"),
            opts=opts,
        )
        policy = iam.RolePolicy(f"{name}-policy", role=role.id, policy=policy_json(_login_statements(args)), opts=opts)
        return rds.Proxy(
            f"{name}-proxy",
            name=physical_name,
            engine_family="POSTGRESQL",
            require_tls=args.require_tls,
            idle_client_timeout=_IDLE_CLIENT_SECONDS,
            # It would log statements with the values in them.
            debug_logging=False,
            role_arn=role.arn,
            vpc_subnet_ids=list(args.network.database_subnet_ids),
            vpc_security_group_ids=[args.security_group_id],
            **_authentication(args),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, depends_on=[logs, policy]),
        )


def _authentication(args: DatabaseProxyArgs) -> dict[str, Any]:
    if not args.passwords:
        return {"default_auth_scheme": "IAM_AUTH"}
    return {
        "auths": [
            {
                "auth_scheme": "SECRETS",
                "description": role.value,
                "iam_auth": "DISABLED",
                "client_password_auth_type": "POSTGRES_SCRAM_SHA_256",
                "secret_arn": args.passwords[role].reference,
            }
            for role in args.roles
        ]
    }


def _login_statements(args: DatabaseProxyArgs) -> list[PolicyStatement]:
    if not args.passwords:
        return [connect_statement(args.platform.account, args.instance.resource_id, *args.roles)]
    return [statement for role in args.roles for statement in args.passwords[role].read_statements()]
