"""The page of alarms: what each watches, when it goes off, what that means, and where the runbook is.

It is drawn from what the program registers: it shows what CloudWatch is asked for, not what somebody meant to ask.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fluxa.local.engine import Registration
from fluxa.plan import make_plan

PRESETS = ("dev", "pr", "prod")
"""Stack files whose alarms are told apart."""

EVERY_ALARM: Mapping[str, Any] = {"database.read_replica": True, "database.retention_days": 400}
"""Settings that add to production's alarms whatever else there is."""

_PROJECT = Path(__file__).parents[2]
_ALARM, _COMPOSITE = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm"
_LOGICAL_PREFIX = "alarms-"
_RUNBOOK = " Runbook: "
_COMPARISONS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at least",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at most",
}
_MISSING = {
    "notBreaching": "all is well",
    "breaching": "it goes off",
    "ignore": "it stays as it is",
    "missing": "unknown",
}

_HEAD = """# Alarms

Generated from what the program registers; do not edit.

Each alarm tells when it goes off and when it is over, to everybody in `alarms.email` and `alarms.sns_topic_arns`.
`service-unhealthy` is the one to wake people with: it goes off with the alarms by which events wait or are lost.
Thresholds are production's; those that a setting decides are in `fluxa:alarms` of the [settings](settings.md).
"""


def alarms_page() -> str:
    """Return the page, in Markdown."""
    there = {preset: set(_alarms(preset)) for preset in PRESETS}
    alarms = _alarms("prod", EVERY_ALARM)
    return "\n".join([_HEAD, *_table(alarms, there), *_composites(alarms)])


def _alarms(stack: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Registration]:
    recording = make_plan(_PROJECT, stack, overrides)
    found = (*recording.of_type(_ALARM), *recording.of_type(_COMPOSITE))
    return {item.name.removeprefix(_LOGICAL_PREFIX): item for item in sorted(found, key=lambda item: item.name)}


def _table(alarms: Mapping[str, Registration], there: Mapping[str, set[str]]) -> Iterator[str]:
    presets = " | ".join(f"`{preset}`" for preset in PRESETS)
    yield f"| Alarm | Watches | Goes off | Without data | {presets} | Means |"
    yield f"| {' | '.join(['---'] * (5 + len(PRESETS)))} |"
    for name, alarm in alarms.items():
        if alarm.type == _ALARM:
            marks = ["yes" if name in there[preset] else "" for preset in PRESETS]
            inputs = alarm.inputs
            reason, _, _ = inputs["alarmDescription"].partition(_RUNBOOK)
            missing = _MISSING[inputs["treatMissingData"]]
            cells = [_link(name, inputs), _watched(inputs), _when(inputs), missing, *marks, reason]
            yield f"| {' | '.join(cells)} |"
    yield ""


def _composites(alarms: Mapping[str, Registration]) -> Iterator[str]:
    for name, alarm in alarms.items():
        if alarm.type == _COMPOSITE:
            reason, _, _ = alarm.inputs["alarmDescription"].partition(_RUNBOOK)
            yield f"{_link(name, alarm.inputs)}: {reason}"
    yield ""


def _link(name: str, inputs: Mapping[str, Any]) -> str:
    _, _, runbook = inputs["alarmDescription"].partition(_RUNBOOK)
    return f"[`{name}`](../../{runbook})"


def _watched(inputs: Mapping[str, Any]) -> str:
    queries = inputs.get("metricQueries")
    if not queries:
        statistic = inputs.get("extendedStatistic") or inputs["statistic"]
        return f"`{inputs['namespace']} {inputs['metricName']}`, {statistic}"
    (result,) = (query for query in queries if query.get("expression"))
    metrics = (
        f"`{query['id']}` = `{query['metric']['namespace']} {query['metric']['metricName']}`, {query['metric']['stat']}"
        for query in queries
        if query.get("metric")
    )
    return f"`{result['expression'].replace('|', chr(92) + '|')}` with {'; '.join(metrics)}"


def _when(inputs: Mapping[str, Any]) -> str:
    queries = inputs.get("metricQueries") or []
    period = inputs.get("period") or next(query["metric"]["period"] for query in queries if query.get("metric"))
    periods = int(inputs["evaluationPeriods"])
    datapoints = int(inputs.get("datapointsToAlarm") or periods)
    span = f"{datapoints} of {periods} × {_duration(int(period))}" if periods > 1 else _duration(int(period))
    threshold = float(inputs["threshold"])
    value = f"{threshold:,.0f}" if threshold.is_integer() else f"{threshold:g}"
    return f"{_COMPARISONS[inputs['comparisonOperator']]} {value} in {span}"


def _duration(seconds: int) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % length == 0:
            number = seconds // length
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds} seconds"
