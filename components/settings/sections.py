"""The sections of a stack's settings: one class for each box of the picture, safe defaults in code.

`Pulumi.<stack>.yaml` holds differences only. Limits without a reason of ours are AWS's.
"""

import ipaddress
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from components.settings.connections import MEMORY_GIB
from components.settings.section import Section

Architecture = Literal["arm64", "x86_64", "host"]
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""What CloudWatch Logs accepts.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""
MemoryMb = Annotated[int, Field(ge=128, le=10_240)]
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

_WIDEST_PREFIX, _NARROWEST_PREFIX = 16, 24
"""AWS's widest network; and the narrowest of which an eighth still has addresses for a busy function."""

API_TIMEOUT_SECONDS = 29
"""API Gateway gives up on an integration after this; a function behind it has no use for more."""


class ApiSettings(Section):
    """The HTTP API: how fast one key may call it, and what is logged."""

    throttle_rate_per_second: int = Field(default=100, ge=1, le=10_000)
    """Steady rate of one key; AWS allows an account 10,000 by default."""
    throttle_burst: int = Field(default=200, ge=1, le=10_000)
    quota_per_day: int | None = Field(default=None, ge=1)
    """Requests of one key in a day; none by default. Best effort on AWS's side, not a security limit."""
    access_logs: bool = True
    """One JSON line for each request, and API Gateway's own errors."""
    manage_logging_role: bool = False
    """Let this stack set the role by which API Gateway writes logs. The role is one for account and region:
    true in one stack, and only where nothing else has set it."""

    @model_validator(mode="after")
    def _role_has_a_use(self) -> Self:
        if self.manage_logging_role and not self.access_logs:
            raise ValueError(
                "api.manage_logging_role is true while api.access_logs is false, so nothing would use the role: "
                "set api.access_logs to true or remove api.manage_logging_role."
            )
        return self


class IngestSettings(Section):
    """The function that accepts events."""

    memory_mb: MemoryMb = 512
    timeout_seconds: int = Field(default=25, ge=1, le=API_TIMEOUT_SECONDS)
    """Longer than S3 and SQS may take with every retry, so that a client is told to come back, not cut off."""
    inline_limit_bytes: int = Field(default=262_144, ge=1_024, le=1_000_000)
    """Encoded messages up to this travel in the queue, attributes included; larger payloads go through S3.
    SQS takes 1 MiB; a lower limit costs less (SQS bills in 64 KiB) and keeps ten messages below Lambda's 6 MB."""
    schema_mode: Literal["off", "warn", "enforce"] = "off"
    """What becomes of a payload that breaks its type's schema in `schemas/`: `warn` counts and logs it, `enforce`
    refuses it with 422. Only a mode other than off bundles the schemas, and only a new deployment changes them."""


class QueueSettings(Section):
    """The queue between ingest and processing, and its dead-letter queue."""

    max_receive_count: int = Field(default=10, ge=1, le=1_000)
    """Deliveries before SQS gives a message up. AWS advises five at least."""
    retention_days: int = Field(default=4, ge=1, le=13)
    dead_letter_retention_days: int = Field(default=14, ge=2, le=14)

    @model_validator(mode="after")
    def _dead_letters_outlive_the_queue(self) -> Self:
        # SQS keeps a message's first time stamp when it moves it, so its age counts on in the dead-letter queue.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
        if self.dead_letter_retention_days <= self.retention_days:
            raise ValueError(
                f"queue.dead_letter_retention_days ({self.dead_letter_retention_days}) must exceed "
                f"queue.retention_days ({self.retention_days}), or a message could expire as it is dead-lettered: "
                f"raise queue.dead_letter_retention_days or lower queue.retention_days."
            )
        return self


class ProcessingSettings(Section):
    """The function that stores events, and how the queue feeds it."""

    memory_mb: MemoryMb = 512
    timeout_seconds: int = Field(default=30, ge=6, le=900)
    """The queue's visibility timeout is computed from this. The processor begins no message with less than 4 s left."""
    batch_size: int = Field(default=10, ge=1, le=10)
    batching_window_seconds: int = Field(default=0, ge=0, le=300)
    max_concurrency: int = Field(default=10, ge=2, le=1_000)
    """Invocations at one time, each with one database connection."""
    handlers: str = "handlers"
    """Folder of `@on("type")` handlers, below the project's; bundled with the processor."""

    @field_validator("handlers")
    @classmethod
    def _stays_below_the_project(cls, value: str) -> str:
        path = PurePosixPath(value)
        if not value or "\\" in value or path.is_absolute() or ".." in path.parts or path == PurePosixPath():
            raise ValueError(f"must be a folder below the project's, such as `handlers`, got {value!r}")
        return value


class QuerySettings(Section):
    """The function that answers questions about events."""

    memory_mb: MemoryMb = 512
    timeout_seconds: int = Field(default=28, ge=1, le=API_TIMEOUT_SECONDS)
    """Longer than a statement may take, so that a slow one is answered and counted, not cut off."""
    max_concurrency: int = Field(default=20, ge=1, le=1_000)
    """Invocations at one time, each with one database connection; reserved, so that the budget cannot be passed.
    AWS refuses to reserve the account's last 100: a new account with a quota of 10 has to ask for more first."""


class StorageSettings(Section):
    """The bucket of large payloads."""

    archive_after_days: int | None = Field(default=30, ge=1)
    """Payloads move to `archive_class` at this age; null keeps them where they are."""
    archive_class: Literal["GLACIER_IR", "GLACIER"] = "GLACIER_IR"
    """GLACIER_IR answers at once. GLACIER is cheaper, but an object must be restored before it can be read."""
    expire_after_days: int | None = Field(default=None, ge=1)
    """Payloads are deleted at this age; null keeps them for ever."""
    versioning: bool = True
    deletion_protection: bool = True
    """Refuse to destroy the bucket, and never delete payloads with it."""


class DatabaseSettings(Section):
    """The PostgreSQL instance."""

    engine_version: Literal["15", "16", "17"] = "17"
    """The major version only: AWS chooses the minor one, and upgrades it in the maintenance window."""
    instance_class: str = "db.t4g.micro"
    allocated_storage_gb: int = Field(default=20, ge=20, le=16_384)
    """Storage at the start; it grows by itself."""
    multi_az: bool = False
    backup_retention_days: int = Field(default=7, ge=0, le=35)
    deletion_protection: bool = True
    """Refuse to destroy the instance; take a last snapshot if that is ever overcome."""
    require_tls: bool = True

    @field_validator("instance_class")
    @classmethod
    def _memory_is_known(cls, value: str) -> str:
        if value not in MEMORY_GIB:
            raise ValueError(f"{value!r} is not an instance class whose memory Fluxa knows, such as `db.m7g.large`")
        return value


class NetworkSettings(Section):
    """Where the database and the functions that use it live."""

    mode: Literal["vpc"] = "vpc"
    cidr: str = "10.20.0.0/16"
    availability_zones: int = Field(default=2, ge=1, le=3)
    """Zones of the functions and endpoints. RDS wants subnets in two at least, and gets them."""

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


class SecretsSettings(Section):
    """Where the functions read their secrets."""

    backend: Literal["ssm"] = "ssm"


class ObservabilitySettings(Section):
    """What is kept of what the functions say."""

    log_retention_days: LogRetentionDays = 14
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class AlarmSettings(Section):
    """Who hears of alarms."""

    email: tuple[EmailAddress, ...] = ()
    """Addresses that get every alarm, each after confirming AWS's first mail."""


class FunctionsSettings(Section):
    """How the functions are built."""

    # Lambda's 3.11 runs on Amazon Linux 2, whose C library is older than the database driver's wheels allow.
    python: Literal["3.12", "3.13", "3.14"] = "3.13"
    architecture: Architecture = "arm64"
    """`host` builds for the machine that deploys, for a platform that runs on it."""
    bundles: Literal["built", "named"] = "built"
    """`named` computes every archive's name without building it: enough for a plan, not for a deployment."""
