"""RDS Proxy: recorded, and bypassed. Its address is the local server's, so that functions reach that directly."""

from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing

LONGEST_NAME = 60

_ONLY_GROUP = "default"


@resource("aws:rds/proxy:Proxy")
def proxy(request: Request) -> Created:
    """Record a proxy."""
    rds = request.client("rds")
    name = request.physical_name(longest=LONGEST_NAME).lower()
    inputs = request.inputs
    definition = {
        "DBProxyName": name,
        "Auth": [_auth(item) for item in inputs.sections("auths")],
        "Tags": request.tag_list(),
        **inputs.renamed(
            {
                "debugLogging": "DebugLogging",
                "defaultAuthScheme": "DefaultAuthScheme",
                "engineFamily": "EngineFamily",
                "idleClientTimeout": "IdleClientTimeout",
                "requireTls": "RequireTLS",
                "roleArn": "RoleArn",
                "vpcSecurityGroupIds": "VpcSecurityGroupIds",
                "vpcSubnetIds": "VpcSubnetIds",
            }
        ),
    }
    existing(lambda: rds.create_db_proxy(**definition), "DBProxyAlreadyExistsFault")
    (made,) = rds.describe_db_proxies(DBProxyName=name)["DBProxies"]
    return Created(
        id=name,
        outputs={
            "name": name,
            "arn": made["DBProxyArn"],
            # Nothing would listen at the address that the emulator makes up.
            "endpoint": request.platform.postgres.host,
            "tagsAll": request.tags(),
        },
    )


@resource("aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup")
def default_target_group(request: Request) -> Created:
    """Record how a proxy shares its connections."""
    name = request.inputs.require("dbProxyName")
    pool = request.inputs.section("connectionPoolConfig").renamed(
        {
            "connectionBorrowTimeout": "ConnectionBorrowTimeout",
            "initQuery": "InitQuery",
            "maxConnectionsPercent": "MaxConnectionsPercent",
            "maxIdleConnectionsPercent": "MaxIdleConnectionsPercent",
            "sessionPinningFilters": "SessionPinningFilters",
        }
    )
    made = request.client("rds").modify_db_proxy_target_group(
        DBProxyName=name, TargetGroupName=_ONLY_GROUP, ConnectionPoolConfig=pool
    )["DBProxyTargetGroup"]
    return Created(id=name, outputs={"name": made["TargetGroupName"], "arn": made["TargetGroupArn"]})


@resource("aws:rds/proxyTarget:ProxyTarget")
def proxy_target(request: Request) -> Created:
    """Record which instance a proxy stands before."""
    rds = request.client("rds")
    name, group = request.inputs.require("dbProxyName"), request.inputs.require("targetGroupName")
    target = request.inputs.require("dbInstanceIdentifier")
    place = {"DBProxyName": name, "TargetGroupName": group}
    existing(
        lambda: rds.register_db_proxy_targets(**place, DBInstanceIdentifiers=[target]),
        "DBProxyTargetAlreadyRegisteredFault",
    )
    server = request.platform.postgres
    return Created(
        id=f"{name}/{group}/RDS_INSTANCE/{target}",
        outputs={"endpoint": server.host, "port": server.port, "rdsResourceId": target, "type": "RDS_INSTANCE"},
    )


def _auth(item: Any) -> dict[str, Any]:
    named: dict[str, Any] = item.renamed(
        {
            "authScheme": "AuthScheme",
            "clientPasswordAuthType": "ClientPasswordAuthType",
            "description": "Description",
            "iamAuth": "IAMAuth",
            "secretArn": "SecretArn",
            "username": "UserName",
        }
    )
    return named
