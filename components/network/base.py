"""Network: what the rest of a stack knows of where it lives, whatever the mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.settings import NetworkSettings

POSTGRES_PORT = 5432


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network depends on."""

    settings: NetworkSettings
    platform: StackPlatform
    proxy: bool = False
    """Make room for an RDS Proxy between the functions and the database."""
    bucket_statements: Sequence[PolicyStatement] = ()
    """What may pass the S3 gateway, which costs nothing."""
    interface_statements: Mapping[str, Sequence[PolicyStatement]] = field(default_factory=dict)
    """What may pass each interface endpoint, by service, e.g. `sqs`; each costs by the hour and zone."""


@dataclass(frozen=True, kw_only=True)
class FunctionPlacement:
    """Where a function inside the network goes."""

    subnet_ids: tuple[pulumi.Output[str], ...]
    security_group_id: pulumi.Output[str]
    spare_security_group_id: pulumi.Output[str]
    """Takes over a deleted function's network interfaces, so that its own group can be deleted without waiting."""


class Network(pulumi.ComponentResource):
    """A VPC with a place for the database, and perhaps one for functions."""

    functions: FunctionPlacement | None
    """None where functions run outside."""
    database_subnet_ids: tuple[pulumi.Output[str], ...]
    database_security_group_id: pulumi.Output[str]
    database_is_public: bool
    proxy_security_group_id: pulumi.Output[str] | None
    """None without a proxy."""
