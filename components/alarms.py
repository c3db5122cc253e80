"""AlarmUnit: the table of alarms (`alarm_specs/`) made real, and who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudwatch

from components.alarm_specs import AlarmSpec, CompositeSpec, alarm_specs, service_unhealthy
from components.measures import Formula, Metric, Watched
from components.naming import ALARM_NAME_LENGTH
from components.notifications import AlarmChannel, AlarmChannelArgs
from components.platform import StackPlatform
from components.settings import StackSettings


@dataclass(frozen=True, kw_only=True)
class AlarmUnitArgs:
    """What the alarms depend on."""

    settings: StackSettings
    platform: StackPlatform
    watched: Watched


class AlarmUnit(pulumi.ComponentResource):
    """Every alarm of a stack. Each tells when it goes off and when it is over; one of them is there to wake people."""

    specs: Mapping[str, AlarmSpec]
    """The table, by name."""
    arns: Mapping[str, pulumi.Output[str]]
    """By name; that of `service-unhealthy` comes first."""

    def __init__(self, name: str, args: AlarmUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:alarms:AlarmUnit", name, None, opts)
        self._naming = args.platform.naming
        specs = alarm_specs(args.watched, args.settings)
        actions = self._actions(name, args)
        alarms = {spec.name: self._create_alarm(name, spec, actions) for spec in specs}
        worst = service_unhealthy(specs)
        composite = self._create_composite(name, worst, alarms, actions)
        self.specs = {spec.name: spec for spec in specs}
        self.arns = {worst.name: composite.arn, **{name: alarm.arn for name, alarm in alarms.items()}}
        self.register_outputs({"arns": dict(self.arns)})

    def _actions(self, name: str, args: AlarmUnitArgs) -> list[pulumi.Input[str]]:
        """Return the topics to tell. With nobody to tell, alarms are only seen in the console."""
        settings = args.settings.alarms
        topics: list[pulumi.Input[str]] = list(settings.sns_topic_arns)
        if settings.email:
            instances = list(args.watched.instances().values())
            channel_args = AlarmChannelArgs(platform=args.platform, email=settings.email, database_instances=instances)
            channel = AlarmChannel(f"{name}-channel", channel_args, pulumi.ResourceOptions(parent=self))
            topics.insert(0, channel.topic_arn)
        return topics

    def _create_alarm(self, name: str, spec: AlarmSpec, actions: Sequence[pulumi.Input[str]]) -> cloudwatch.MetricAlarm:
        return cloudwatch.MetricAlarm(
            f"{name}-{spec.name}",
            name=self._naming.physical(spec.name, max_length=ALARM_NAME_LENGTH),
            alarm_description=_description(spec),
            comparison_operator=spec.comparison,
            threshold=spec.threshold,
            evaluation_periods=spec.evaluation_periods,
            datapoints_to_alarm=spec.datapoints,
            treat_missing_data=spec.missing_data,
            alarm_actions=list(actions),
            # Without this one a blip stays an open incident for whoever was told of it.
            ok_actions=list(actions),
            opts=pulumi.ResourceOptions(parent=self),
            **_watching(spec),
        )

    def _create_composite(
        self,
        name: str,
        spec: CompositeSpec,
        alarms: Mapping[str, cloudwatch.MetricAlarm],
        actions: Sequence[pulumi.Input[str]],
    ) -> cloudwatch.CompositeAlarm:
        # The members' own outputs, so that CloudWatch knows them before it is told of this one.
        members = pulumi.Output.all(*(alarms[member].name for member in spec.members))
        return cloudwatch.CompositeAlarm(
            f"{name}-{spec.name}",
            alarm_name=self._naming.physical(spec.name, max_length=ALARM_NAME_LENGTH),
            alarm_description=_description(spec),
            alarm_rule=members.apply(lambda names: " OR ".join(f'ALARM("{member}")' for member in names)),
            alarm_actions=list(actions),
            ok_actions=list(actions),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _description(spec: AlarmSpec | CompositeSpec) -> str:
    return f"{spec.reason} Runbook: {spec.runbook}"


def _watching(spec: AlarmSpec) -> dict[str, Any]:
    if isinstance(spec.watches, Formula):
        return {"metric_queries": _queries(spec.watches, spec.period_seconds)}
    metric = spec.watches
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": dict(metric.dimensions),
        "extended_statistic" if metric.is_percentile else "statistic": metric.statistic,
        "period": spec.period_seconds,
    }


def _queries(formula: Formula, period_seconds: int) -> list[dict[str, Any]]:
    result = {"id": "result", "expression": formula.expression, "label": formula.label, "return_data": True}
    return [result, *(_query(id, metric, period_seconds) for id, metric in formula.metrics.items())]


def _query(id: str, metric: Metric, period_seconds: int) -> dict[str, Any]:
    return {
        "id": id,
        # The alarm watches one series only: the result.
        "return_data": False,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions),
            "stat": metric.statistic,
            "period": period_seconds,
        },
    }
