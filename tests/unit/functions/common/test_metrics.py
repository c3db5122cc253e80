"""The Embedded Metric Format, as CloudWatch reads it."""

import json
from typing import Any

from functions.common.metrics import VALUES_PER_METRIC, Metrics
from functions.common.names import MetricName, Service


def _lines(*, stack: str = "test") -> tuple[Metrics, list[str]]:
    lines: list[str] = []
    return Metrics(service=Service.PROCESSOR, stack=stack, write=lines.append), lines


def _figures(line: str) -> dict[str, Any]:
    document = json.loads(line)
    directive = document["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "Fluxa"
    assert all(name in document for name in directive["Dimensions"][0])
    return {metric["Name"]: document[metric["Name"]] for metric in directive["Metrics"]}


def test_counts_add_up_within_an_invocation() -> None:
    metrics, lines = _lines()
    metrics.count(MetricName.EVENTS_PROCESSED, 3)
    metrics.count(MetricName.EVENTS_PROCESSED)

    metrics.flush()

    assert [_figures(line) for line in lines] == [{"EventsProcessed": 4}]


def test_a_reason_is_counted_alone_and_in_the_sum() -> None:
    metrics, lines = _lines()
    metrics.count(MetricName.EVENTS_FAILED, reason="unexpected")
    metrics.count(MetricName.EVENTS_FAILED, reason="database_unavailable")

    metrics.flush()

    assert {json.loads(line).get("Reason"): _figures(line)["EventsFailed"] for line in lines} == {
        None: 2,
        "unexpected": 1,
        "database_unavailable": 1,
    }


def test_durations_keep_every_value_up_to_cloudwatchs_limit() -> None:
    metrics, lines = _lines()
    for value in range(VALUES_PER_METRIC + 5):
        metrics.milliseconds(MetricName.EVENT_LATENCY, value)

    metrics.flush()

    assert list(range(VALUES_PER_METRIC)) == _figures(lines[0])["EventLatency"]


def test_what_was_flushed_is_not_written_again() -> None:
    metrics, lines = _lines()
    metrics.gauge(MetricName.PARTITIONS_AHEAD, 3)
    metrics.flush()

    metrics.flush()

    assert len(lines) == 1
