"""Settings of how functions are built and run, what is kept of what they say, and who is told of trouble."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.settings.section import Section

Architecture = Literal["arm64", "x86_64", "host"]
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""What CloudWatch Logs accepts.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
TopicArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$")]
CodeSigningArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:code-signing-config:csc-[a-z0-9]{17}$")
]


class ObservabilitySettings(Section):
    """What is kept of what the platform says about itself."""

    log_retention_days: LogRetentionDays = 14
    """How long every log of the stack is kept."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least important lines that functions write."""
    log_encryption: Literal["aws", "kms"] = "aws"
    """`aws`: CloudWatch's own key, free. `kms`: the stack's key."""
    tracing: bool = False
    """AWS X-Ray follows requests through the API and the functions."""
    dashboards: bool = True
    """CloudWatch dashboards: one for the whole platform, one for each hop. Three in an account are free."""
    reconciliation: bool = False
    """Compare every hour what was accepted with what was stored. Inside a network without NAT it needs an interface
    endpoint of CloudWatch."""


class AlarmSettings(Section):
    """Who hears of alarms, and from which values on."""

    email: tuple[EmailAddress, ...] = ()
    """Addresses that get every alarm, each after confirming AWS's first mail."""
    sns_topic_arns: tuple[TopicArn, ...] = Field(default=(), max_length=4)
    """Topics of yours that get every alarm; their policies must let `cloudwatch.amazonaws.com` publish. An alarm tells
    five at most, and the addresses above are one."""
    oldest_message_seconds: int = Field(default=900, ge=60, le=1_209_600)
    """Events are stored within seconds: a quarter of an hour means that processing stands still."""
    permanent_failures_percent: float = Field(default=5, gt=0, le=100)
    """Share of handled messages that could never be stored."""
    api_errors_percent: float = Field(default=1, gt=0, le=100)
    """Share of requests that the API answered with 5xx."""
    api_p99_ms: int = Field(default=3_000, ge=100, le=29_000)
    """What the slowest hundredth of requests may take."""
    database_cpu_percent: float = Field(default=85, gt=0, le=100)
    """Average over a quarter of an hour."""
    free_storage_percent: float = Field(default=15, gt=0, le=50)
    """Of the storage the instance starts with."""
    replica_lag_seconds: int = Field(default=60, ge=1, le=86_400)
    """How far query's replica may be behind."""


class FunctionsSettings(Section):
    """How the functions are built and run."""

    # Lambda's 3.11 runs on Amazon Linux 2, whose C library is older than the database driver's wheels allow.
    python: Literal["3.12", "3.13", "3.14"] = "3.13"
    """Lambda's runtime, for which the bundles are built."""
    architecture: Architecture = "arm64"
    """`host` builds for the machine that deploys, for a platform that runs on it."""
    bundles: Literal["built", "named"] = "built"
    """`named` computes every archive's name without building it: enough for a plan, not for a deployment."""
    environment_encryption: Literal["aws", "kms"] = "aws"
    """`aws`: Lambda's own key, free. `kms`: the stack's key. Environments hold names and sizes, never a secret."""
    code_signing_config_arn: CodeSigningArn | None = None
    """Lambda's rules about who must have signed code; none takes what this stack uploads."""
