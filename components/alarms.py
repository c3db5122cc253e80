"""The alarms: what they watch, why, and which runbook tells what to do."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch

from components.account import Account
from components.messaging import EventQueue
from components.naming import ALARM_NAME_LENGTH, Naming
from components.notifications import AlarmChannel, AlarmChannelArgs
from components.settings import AlarmSettings
from functions.common.names import METRICS_NAMESPACE, Dimension, MetricName, Service

RUNBOOKS = "docs/runbooks"
"""Folder of the runbooks; each is named after its alarm."""

_SQS_NAMESPACE = "AWS/SQS"
_OLDEST_MESSAGE_SECONDS = 900
"""An event is stored within seconds. A quarter of an hour means that processing stands still; days remain to act."""
_UNEXPECTED = "unexpected"
"""The functions' reason for a failure that is our fault, not the event's (functions.common.errors)."""

_MINUTE = 60
_DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One alarm, named `<what>-<condition>`."""

    name: str
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, pulumi.Input[str]], ...]
    reason: str
    """One sentence for whoever is woken: what it means."""
    comparison: str = "GreaterThanThreshold"
    threshold: float = 0
    statistic: str = "Maximum"
    period_seconds: int = _MINUTE
    evaluation_periods: int = 1
    missing_data: str = "notBreaching"
    shared_runbook: str | None = None
    """The runbook's name where several alarms have one; the alarm's own name otherwise."""

    @property
    def runbook(self) -> str:
        """Where the runbook is, from the project's folder."""
        return f"{RUNBOOKS}/{self.shared_runbook or self.name}.md"


@dataclass(frozen=True, kw_only=True)
class AlarmUnitArgs:
    """What the alarms depend on."""

    settings: AlarmSettings
    naming: Naming
    account: Account
    queue: EventQueue


class AlarmUnit(pulumi.ComponentResource):
    """Every alarm of a stack."""

    def __init__(self, name: str, args: AlarmUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:alarms:AlarmUnit", name, None, opts)
        # With nobody to tell, alarms are only seen in the console.
        actions = []
        if args.settings.email:
            channel_args = AlarmChannelArgs(account=args.account, email=args.settings.email)
            actions = [AlarmChannel(f"{name}-channel", channel_args, pulumi.ResourceOptions(parent=self)).topic_arn]
        for spec in alarm_specs(args):
            cloudwatch.MetricAlarm(
                f"{name}-{spec.name}",
                name=args.naming.physical(spec.name, max_length=ALARM_NAME_LENGTH),
                alarm_description=f"{spec.reason} Runbook: {spec.runbook}",
                namespace=spec.namespace,
                metric_name=spec.metric,
                dimensions=dict(spec.dimensions),
                statistic=spec.statistic,
                period=spec.period_seconds,
                evaluation_periods=spec.evaluation_periods,
                comparison_operator=spec.comparison,
                threshold=spec.threshold,
                treat_missing_data=spec.missing_data,
                alarm_actions=actions,
                # Without this one a blip stays an open incident for whoever was told of it.
                ok_actions=actions,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def alarm_specs(args: AlarmUnitArgs) -> tuple[AlarmSpec, ...]:
    """Return the table of alarms."""
    dead_letters = (("QueueName", args.queue.dead_letter_name),)
    queue = (("QueueName", args.queue.name),)
    return (
        AlarmSpec(
            name="dead-letters-present",
            namespace=_SQS_NAMESPACE,
            # Not NumberOfMessagesSent: that leaves out what SQS moves by itself.
            metric="ApproximateNumberOfMessagesVisible",
            dimensions=dead_letters,
            reason="At least one event could not be stored and waits for a person.",
        ),
        AlarmSpec(
            name="oldest-message-age",
            namespace=_SQS_NAMESPACE,
            metric="ApproximateAgeOfOldestMessage",
            dimensions=queue,
            threshold=_OLDEST_MESSAGE_SECONDS,
            reason="Events wait much longer than they should: processing is too slow or stands still.",
        ),
        _unexpected_failures(args.naming, Service.INGEST, MetricName.EVENTS_FAILED),
        _unexpected_failures(args.naming, Service.PROCESSOR, MetricName.EVENTS_FAILED),
        _unexpected_failures(args.naming, Service.QUERY, MetricName.QUERIES_FAILED),
        AlarmSpec(
            name="partitions-running-out",
            namespace=METRICS_NAMESPACE,
            metric=MetricName.PARTITIONS_AHEAD.value,
            dimensions=_of_service(args.naming, Service.MAINTENANCE),
            comparison="LessThanThreshold",
            threshold=1,
            statistic="Minimum",
            period_seconds=_DAY,
            # One run may be missed: three months of partitions lie ahead. Two in a row may not.
            evaluation_periods=2,
            missing_data="breaching",
            reason="No partition is ready for next month, or maintenance has stopped saying so.",
        ),
    )


def _unexpected_failures(naming: Naming, service: Service, metric: MetricName) -> AlarmSpec:
    # Lambda's own Errors stay at zero: a failed message is reported, not raised.
    return AlarmSpec(
        name=f"unexpected-failures-{service.value}",
        namespace=METRICS_NAMESPACE,
        metric=metric.value,
        dimensions=(*_of_service(naming, service), (Dimension.REASON.value, _UNEXPECTED)),
        statistic="Sum",
        reason=f"The {service.value} function failed for a reason that is our fault; what it worked on is retried.",
        shared_runbook="unexpected-failures",
    )


def _of_service(naming: Naming, service: Service) -> tuple[tuple[str, str], ...]:
    return ((Dimension.STACK.value, naming.stack), (Dimension.SERVICE.value, service.value))
