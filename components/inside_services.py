"""Which AWS services functions inside the network call, and what of each may pass: an interface endpoint for each."""

from collections.abc import Iterator, Mapping, Sequence

import pulumi

from components.messaging import EventQueue
from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.settings import StackSettings

_READ = ("secretsmanager:GetSecretValue",)
_ROTATE = (
    *_READ,
    "secretsmanager:DescribeSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)


def inside_services(
    settings: StackSettings, platform: StackPlatform, queue: EventQueue
) -> Mapping[str, Sequence[PolicyStatement]]:
    """Return what each interface endpoint lets pass, by service; nothing where functions reach AWS without one.

    Each costs by the hour and zone, so a service that no toggle asks for has none.
    """
    if settings.network.mode == "public" or settings.network.egress == "nat":
        return {}
    return dict(_services(settings, platform, queue))


def _services(
    settings: StackSettings, platform: StackPlatform, queue: EventQueue
) -> Iterator[tuple[str, Sequence[PolicyStatement]]]:
    # Secrets are made after the network; each function's role names the ones it may read.
    yield "sqs", queue.inside_statements()
    if settings.secrets.backend == "secretsmanager":
        actions = _READ if settings.secrets.rotation_days is None else _ROTATE
        yield "secretsmanager", (_statement(platform, actions, "secretsmanager", "secret:*"),)
    else:
        parameters = f"parameter{platform.naming.parameter('*')}"
        yield "ssm", (_statement(platform, ("ssm:GetParameter",), "ssm", parameters),)
    if settings.observability.reconciliation:
        yield "monitoring", (read_metrics_statement(),)


def read_metrics_statement() -> PolicyStatement:
    """Offer reading metrics, which reconciliation compares with the database."""
    return PolicyStatement(actions=("cloudwatch:GetMetricData",), resources=("*",), reason="Metrics have no ARNs.")


def _statement(platform: StackPlatform, actions: tuple[str, ...], service: str, resource: str) -> PolicyStatement:
    account = platform.account
    arn = pulumi.Output.concat("arn:aws:", service, ":", account.region, ":", account.account_id, ":", resource)
    return PolicyStatement(actions=actions, resources=(arn,))
