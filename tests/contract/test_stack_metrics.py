"""Alarms watch what the functions say, by the same words."""

import ast

import pytest

from components.alarms import RUNBOOKS
from functions.common.errors import UNEXPECTED
from functions.common.names import METRICS_NAMESPACE, Dimension, MetricName
from tests.support.stack_builders import REPOSITORY
from tests.support.whole_stack import recorded

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def emitted_by(service: str) -> set[str]:
    """Return the values of the `MetricName` members that a function's code names."""
    found = set()
    for path in sorted((REPOSITORY / "functions" / service).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "MetricName":
                found.add(MetricName[node.attr].value)
    return found


def alarms_on_our_metrics() -> list[dict[str, object]]:
    return [item.inputs for item in recorded("dev").of_type(ALARM) if item.inputs["namespace"] == METRICS_NAMESPACE]


def test_some_alarms_watch_metrics_of_ours():
    assert len(alarms_on_our_metrics()) >= 4


def test_every_metric_an_alarm_watches_is_emitted_by_the_function_it_names():
    for alarm in alarms_on_our_metrics():
        assert alarm["metricName"] in emitted_by(alarm["dimensions"][Dimension.SERVICE])


@pytest.mark.parametrize("metric", MetricName)
def test_every_metric_with_a_name_is_emitted_somewhere(metric):
    assert metric.value in emitted_by(".")


def test_alarms_name_only_dimensions_that_metrics_carry():
    for alarm in alarms_on_our_metrics():
        assert set(alarm["dimensions"]) in (
            {Dimension.STACK, Dimension.SERVICE},
            {Dimension.STACK, Dimension.SERVICE, Dimension.REASON},
        )
        assert UNEXPECTED == alarm["dimensions"].get(Dimension.REASON, UNEXPECTED)


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm():
    named = {
        item.inputs["alarmDescription"].rpartition(f"Runbook: {RUNBOOKS}/")[2].removesuffix(".md")
        for item in recorded("dev").of_type(ALARM)
    }

    assert named == {path.stem for path in (REPOSITORY / RUNBOOKS).glob("*.md")}
