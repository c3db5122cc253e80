"""Settings of the way an event takes: the API, ingest, the queue, processing, and query."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from components.settings.section import Section

MemoryMb = Annotated[int, Field(ge=128, le=10_240)]
ProvisionedConcurrency = Annotated[int, Field(ge=0, le=1_000)]
DomainName = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253)
]
CertificateArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+$")]
HostedZoneId = Annotated[str, StringConstraints(pattern=r"^Z[A-Z0-9]{1,31}$")]

API_TIMEOUT_SECONDS = 29
"""API Gateway gives up on an integration after this; a function behind it has no use for more."""


class ApiSettings(Section):
    """The HTTP API: who may call it, how fast, under which name, and what is logged."""

    auth: Literal["api_key", "iam", "none"] = "api_key"
    """`api_key`: a header, which tells clients apart and meters them. `iam`: requests signed with AWS credentials.
    `none`: anybody on the internet; for throw-away stacks."""
    throttle_rate_per_second: int = Field(default=100, ge=1, le=10_000)
    """Steady rate of one key, and of the stage; AWS allows an account 10,000 by default."""
    throttle_burst: int = Field(default=200, ge=1, le=10_000)
    """Requests that may come at once before the steady rate counts."""
    quota_per_day: int | None = Field(default=None, ge=1)
    """Requests of one key in a day; none by default. Best effort on AWS's side, not a security limit."""
    waf: bool = False
    """A web ACL in front: AWS's lists of known bad inputs and addresses, and a limit for each address."""
    waf_requests_per_5_minutes: int = Field(default=2_000, ge=10, le=2_000_000_000)
    """What one client address may send before the web ACL blocks it."""
    domain_name: DomainName | None = None
    """A name of your own, e.g. `events.example.com`; API Gateway's own address is switched off then."""
    certificate_arn: CertificateArn | None = None
    """ACM's certificate for `domain_name`, in the stack's region."""
    hosted_zone_id: HostedZoneId | None = None
    """Route 53's zone in which to enter `domain_name`; none when you keep your names elsewhere."""
    access_logs: bool = True
    """One JSON line for each request, and API Gateway's own errors."""
    manage_logging_role: bool = False
    """Let this stack set the role by which API Gateway writes logs. The role is one for account and region:
    true in one stack, and only where nothing else has set it."""

    @model_validator(mode="after")
    def _keys_have_a_use(self) -> Self:
        complaints = []
        if self.manage_logging_role and not self.access_logs:
            complaints.append(
                "api.manage_logging_role is true while api.access_logs is false, so nothing would use the role: "
                "set api.access_logs to true or remove api.manage_logging_role."
            )
        if self.domain_name is not None and self.certificate_arn is None:
            complaints.append(
                "api.domain_name is set while api.certificate_arn is not, and a name without a certificate cannot be "
                "served: set api.certificate_arn or remove api.domain_name."
            )
        if self.domain_name is None:
            complaints.extend(
                f"api.{key} is set while api.domain_name is not, so nothing would use it: "
                f"set api.domain_name or remove api.{key}."
                for key in ("certificate_arn", "hosted_zone_id")
                if getattr(self, key) is not None
            )
        if self.quota_per_day is not None and self.auth != "api_key":
            complaints.append(
                f"api.quota_per_day counts by API key while api.auth is {self.auth}, which has none: "
                "set api.auth to api_key or remove api.quota_per_day."
            )
        if complaints:
            raise ValueError("\n".join(complaints))
        return self


class IngestSettings(Section):
    """The function that accepts events."""

    memory_mb: MemoryMb = 512
    """Lambda gives CPU by memory: a large request is parsed and hashed faster with more."""
    timeout_seconds: int = Field(default=25, ge=1, le=API_TIMEOUT_SECONDS)
    """Longer than S3 and SQS may take with every retry, so that a client is told to come back, not cut off."""
    inline_limit_bytes: int = Field(default=262_144, ge=1_024, le=1_000_000)
    """Encoded messages up to this travel in the queue, attributes included; larger payloads go through S3.
    SQS takes 1 MiB; a lower limit costs less (SQS bills in 64 KiB) and keeps ten messages below Lambda's 6 MB."""
    schema_mode: Literal["off", "warn", "enforce"] = "off"
    """What becomes of a payload that breaks its type's schema in `schemas/`: `warn` counts and logs it, `enforce`
    refuses it with 422. Ingest carries the schemas only in a mode other than off; a new deployment changes them."""
    max_concurrency: int | None = Field(default=None, ge=1, le=1_000)
    """Invocations at one time, reserved for ingest; none shares the account's. What is above is refused with a 500."""
    provisioned_concurrency: ProvisionedConcurrency = 0
    """Environments kept warm, billed by the hour; 0 keeps none."""

    @model_validator(mode="after")
    def _warm_environments_may_run(self) -> Self:
        if sentence := _beyond_limit("ingest", self.provisioned_concurrency, self.max_concurrency):
            raise ValueError(sentence)
        return self


class QueueSettings(Section):
    """The queue between ingest and processing, and its dead-letter queue."""

    max_receive_count: int = Field(default=10, ge=1, le=1_000)
    """Deliveries before SQS gives a message up. AWS advises five at least."""
    retention_days: int = Field(default=4, ge=1, le=13)
    """How long an event may wait to be stored."""
    dead_letter_retention_days: int = Field(default=14, ge=2, le=14)
    """How long an event that could not be stored waits for a person, counted from when it was accepted."""
    encryption: Literal["sqs", "kms"] = "sqs"
    """`sqs`: SQS's own key, free. `kms`: the stack's key."""
    deletion_protection: bool = True
    """Refuse to destroy the queues: the dead-letter queue holds events that are nowhere else."""

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
    """Lambda gives CPU by memory. Handlers get payloads up to a thirty-second of it, and of 5 MiB at least."""
    timeout_seconds: int = Field(default=30, ge=6, le=900)
    """The queue's visibility timeout is computed from this. The processor begins no message with less than 4 s left."""
    batch_size: int = Field(default=10, ge=1, le=10)
    """Messages of one invocation. Each has an outcome of its own."""
    batching_window_seconds: int = Field(default=0, ge=0, le=300)
    """How long to wait for a batch to fill; 0 stores at once."""
    max_concurrency: int = Field(default=10, ge=2, le=1_000)
    """Invocations at one time, each with one database connection. The queue's poller keeps to it."""
    reserved_concurrency: int | None = Field(default=None, ge=2, le=1_000)
    """Set aside for the processor, so that no other function of the account can starve it; none shares."""
    provisioned_concurrency: ProvisionedConcurrency = 0
    """Environments kept warm, billed by the hour; 0 keeps none."""
    handlers: str = "handlers"
    """Folder of `@on("type")` handlers, below the project's; bundled with the processor."""

    @field_validator("handlers")
    @classmethod
    def _stays_below_the_project(cls, value: str) -> str:
        path = PurePosixPath(value)
        if not value or "\\" in value or path.is_absolute() or ".." in path.parts or path == PurePosixPath():
            raise ValueError(f"must be a folder below the project's, such as `handlers`, got {value!r}")
        return value

    @model_validator(mode="after")
    def _concurrencies_agree(self) -> Self:
        # A throttled receive still counts towards max_receive_count: healthy events would reach the dead letters.
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        if self.reserved_concurrency is not None and self.max_concurrency > self.reserved_concurrency:
            raise ValueError(
                f"processing.max_concurrency ({self.max_concurrency}) must not exceed processing.reserved_concurrency "
                f"({self.reserved_concurrency}), or throttled deliveries use up queue.max_receive_count: "
                f"raise processing.reserved_concurrency or lower processing.max_concurrency."
            )
        if sentence := _beyond_limit("processing", self.provisioned_concurrency, self.max_concurrency):
            raise ValueError(sentence)
        return self


class QuerySettings(Section):
    """The function that answers questions about events."""

    memory_mb: MemoryMb = 512
    """Lambda gives CPU by memory."""
    timeout_seconds: int = Field(default=28, ge=1, le=API_TIMEOUT_SECONDS)
    """Longer than a statement may take, so that a slow one is answered and counted, not cut off."""
    max_concurrency: int = Field(default=20, ge=1, le=1_000)
    """Invocations at one time, each with one database connection; reserved, so that the budget cannot be passed.
    AWS refuses to reserve the account's last 100: a new account with a quota of 10 has to ask for more first."""
    provisioned_concurrency: ProvisionedConcurrency = 0
    """Environments kept warm, billed by the hour; 0 keeps none."""

    @model_validator(mode="after")
    def _warm_environments_may_run(self) -> Self:
        if sentence := _beyond_limit("query", self.provisioned_concurrency, self.max_concurrency):
            raise ValueError(sentence)
        return self


def _beyond_limit(section: str, provisioned: int, limit: int | None) -> str | None:
    if limit is None or provisioned <= limit:
        return None
    return (
        f"{section}.provisioned_concurrency ({provisioned}) must not exceed {section}.max_concurrency ({limit}), "
        f"or environments are paid for that may never run: "
        f"raise {section}.max_concurrency or lower {section}.provisioned_concurrency."
    )
