"""Settings of what keeps things: payloads, the database, the network around it, and secrets."""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from components.settings.connections import MEMORY_GIB
from components.settings.section import Section

_WIDEST_PREFIX, _NARROWEST_PREFIX = 16, 24
"""AWS's widest network; and the narrowest of which an eighth still has addresses for a busy function."""


def _network_address(value: str) -> str:
    try:
        return str(ipaddress.IPv4Network(value))
    except ValueError as error:
        raise ValueError(f"must be an IPv4 network such as `203.0.113.0/24`: {error}") from error


Cidr = Annotated[str, AfterValidator(_network_address)]


class StorageSettings(Section):
    """The bucket of large payloads. They go with their events: see `database.retention_days`."""

    archive_after_days: int | None = Field(default=30, ge=1)
    """Payloads move to `archive_class` at this age; null keeps them where they are."""
    archive_class: Literal["GLACIER_IR", "GLACIER"] = "GLACIER_IR"
    """GLACIER_IR answers at once. GLACIER is cheaper, but an object must be restored before it can be read."""
    encryption: Literal["s3", "kms"] = "s3"
    """`s3`: S3's own key, free. `kms`: the stack's key."""
    versioning: bool = True
    """What is overwritten or deleted by mistake can be brought back for a month."""
    access_logs: bool = False
    """Keep a log of who read and wrote payloads, in a bucket of its own."""
    deletion_protection: bool = True
    """Refuse to destroy the bucket, and never delete payloads with it."""


class DatabaseSettings(Section):
    """The PostgreSQL instance, and what stands beside it."""

    engine_version: Literal["15", "16", "17"] = "17"
    """The major version only: AWS chooses the minor one, and upgrades it in the maintenance window."""
    instance_class: str = "db.t4g.micro"
    """Size of the instance, which decides how many connections it has for the functions."""
    allocated_storage_gb: int = Field(default=20, ge=20, le=16_384)
    """Storage at the start; it grows by itself."""
    multi_az: bool = False
    """A standby in another zone, which takes over within a minute or two."""
    backup_retention_days: int = Field(default=7, ge=0, le=35)
    """Days to which the database can be taken back; 0 makes no backups."""
    deletion_protection: bool = True
    """Refuse to destroy the instance; take a last snapshot if that is ever overcome."""
    require_tls: bool = True
    """Refuse connections that are not encrypted, and have the functions verify the server."""
    encryption: Literal["aws", "kms"] = "aws"
    """`aws`: AWS's key for RDS, free. `kms`: the stack's key. Storage is encrypted in both, and cannot change over."""
    proxy: bool = False
    """RDS Proxy between the functions and the instance: connections are shared, and survive a fail-over."""
    read_replica: bool = False
    """A second instance that query reads from, a moment behind the first."""
    performance_insights: bool = False
    """Which statements the instance spends its time on."""
    enhanced_monitoring: bool = False
    """What the instance's operating system says, once a minute."""
    retention_days: int | None = Field(default=None, ge=1)
    """Events, their payloads and what is remembered of their ids are removed after so many days, whole months at a
    time; null keeps everything."""

    @field_validator("instance_class")
    @classmethod
    def _memory_is_known(cls, value: str) -> str:
        if value not in MEMORY_GIB:
            raise ValueError(f"{value!r} is not an instance class whose memory Fluxa knows, such as `db.m7g.large`")
        return value

    @model_validator(mode="after")
    def _a_replica_has_something_to_start_from(self) -> Self:
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html
        if self.read_replica and self.backup_retention_days == 0:
            raise ValueError(
                "database.read_replica is true while database.backup_retention_days is 0, and RDS makes replicas from "
                "backups only: raise database.backup_retention_days to 1 or set database.read_replica to false."
            )
        return self


class NetworkSettings(Section):
    """Where the database and the functions that use it live."""

    mode: Literal["vpc", "public"] = "vpc"
    """`vpc`: private subnets, for the database and the functions that use it. `public`: a database with an address on
    the internet, and functions outside the network, which have no fixed address: for throw-away stacks."""
    cidr: str = "10.20.0.0/16"
    """Addresses of the network, between /16 and /24; choose ones that nothing it is joined to uses."""
    availability_zones: int = Field(default=2, ge=1, le=3)
    """Zones of the functions and endpoints. RDS wants subnets in two at least, and gets them."""
    egress: Literal["endpoints", "nat"] = "endpoints"
    """How functions inside reach AWS. `endpoints`: one interface endpoint for each service that is needed, and nothing
    else. `nat`: a NAT gateway in each zone, for handlers that call the internet."""
    flow_logs: bool = False
    """A line for each connection made or refused in the network."""
    allowed_cidrs: tuple[Cidr, ...] = ()
    """Networks that may connect to a `public` database, e.g. `203.0.113.0/24`."""

    @field_validator("cidr")
    @classmethod
    def _has_room_for_the_subnets(cls, value: str) -> str:
        try:
            network = ipaddress.IPv4Network(value)
        except ValueError as error:
            raise ValueError(f"must be an IPv4 network such as `10.20.0.0/16`: {error}") from error
        if not network.is_private or not _WIDEST_PREFIX <= network.prefixlen <= _NARROWEST_PREFIX:
            raise ValueError(f"must be a private network between /16 and /24, got {value!r}")
        return value

    @model_validator(mode="after")
    def _who_may_connect_is_said_where_it_matters(self) -> Self:
        if self.mode == "vpc" and self.allowed_cidrs:
            raise ValueError(
                "network.allowed_cidrs is set while network.mode is vpc, where nobody outside can connect: "
                "remove network.allowed_cidrs or set network.mode to public."
            )
        return self


class SecretsSettings(Section):
    """How functions prove to the database who they are, and where secrets are kept."""

    backend: Literal["ssm", "secretsmanager", "iam"] = "ssm"
    """`ssm`: passwords in SSM Parameter Store, free. `secretsmanager`: passwords that AWS rotates. `iam`: no passwords,
    but tokens of a quarter of an hour, for which RDS wants up to 1 GiB of memory; other secrets stay in SSM."""
    encryption: Literal["aws", "kms"] = "aws"
    """`aws`: AWS's key for the service, free. `kms`: the stack's key."""
    rotation_days: int | None = Field(default=30, ge=1, le=365)
    """How often `secretsmanager` changes the passwords; null leaves them as they are."""
