"""A database by itself, and what it offers to whoever uses it, made visible."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import iam, ssm

from components.database import EventDatabase
from components.encryption import StackKey, StackKeyArgs
from components.network import create_network
from components.network.base import NetworkArgs
from components.policy import PolicyStatement, policy_json
from components.settings import NetworkSettings, SecretsSettings
from functions.common.names import DatabaseRole
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import SECRET_LOOKUPS, a_database, a_naming, a_platform, an_account

KEY_ARN = "arn:aws:test:::encryption-key"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a database offers one user of it, as it reaches AWS."""

    environment: dict[str, str]
    statements: list[dict[str, Any]]


def a_keyed_database(
    *, secrets: Mapping[str, Any] | None = None, network: Mapping[str, Any] | None = None, **settings: Any
) -> EventDatabase:
    """Only inside `deploy`: a database in a stack that has a key of its own, and in a network with room for a proxy."""
    key = StackKey("encryption", StackKeyArgs(account=an_account(), naming=a_naming(), protect=False))
    platform = a_platform(key=key)
    args = NetworkArgs(
        settings=NetworkSettings(**(network or {})), platform=platform, proxy=settings.get("proxy", False)
    )
    place = create_network("network", args)
    return a_database(place, secrets=SecretsSettings(**(secrets or {})), platform=platform, **settings)


def database_with(**settings: Any) -> Recorder:
    """Deploy a database alone."""
    return deploy(lambda: a_keyed_database(**settings), lookups=SECRET_LOOKUPS)


def login_of(role: DatabaseRole, **settings: Any) -> Offer:
    """Return what one role logs in with."""

    def program() -> None:
        login = a_keyed_database(**settings).login(role)
        _show(login.environment, login.statements)

    return _shown(deploy(program, lookups=SECRET_LOOKUPS))


def role_secrets_of(**settings: Any) -> Offer:
    """Return what maintenance is given to let the others log in."""

    def program() -> None:
        offered = a_keyed_database(**settings).role_secrets()
        _show(offered.environment, offered.statements)

    return _shown(deploy(program, lookups=SECRET_LOOKUPS))


def awaited_in(**settings: Any) -> set[str]:
    """Return what somebody who connects waits for, beside the network's parts."""

    def program() -> None:
        after = pulumi.ResourceOptions(depends_on=a_keyed_database(**settings).ready)
        ssm.Parameter("connected", type="String", value="now", opts=after)

    connected = deploy(program, lookups=SECRET_LOOKUPS).one("aws:ssm/parameter:Parameter", "connected")
    assert any(name.startswith("network-database") for name in connected.dependencies)
    return {name for name in connected.dependencies if not name.startswith("network-")}


def _show(environment: Mapping[str, pulumi.Input[str]], statements: Sequence[PolicyStatement]) -> None:
    """Resolve what was offered by handing it to two resources."""
    ssm.Parameter("offered-environment", type="String", value=pulumi.Output.json_dumps(dict(environment)))
    iam.RolePolicy("offered-statements", role="anybody", policy=policy_json(statements))


def _shown(stack: Recorder) -> Offer:
    environment = stack.one("aws:ssm/parameter:Parameter", "offered-environment").inputs["value"]
    statements = stack.one("aws:iam/rolePolicy:RolePolicy", "offered-statements").inputs["policy"]
    return Offer(environment=json.loads(environment), statements=json.loads(statements)["Statement"])
