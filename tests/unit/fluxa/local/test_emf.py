import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fluxa.local import emf
from functions.common.metrics import Metrics
from functions.common.names import MetricName, Service


def a_line(**changes: Any) -> str:
    document = {
        "_aws": {
            "Timestamp": 1_700_000_000_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Fluxa",
                    "Dimensions": [["Stack"], ["Stack", "Service"]],
                    "Metrics": [{"Name": "EventLatency", "Unit": "Milliseconds"}, {"Name": "Plain"}],
                }
            ],
        },
        "Stack": "local",
        "Service": "processor",
        "EventLatency": [1.5, 2],
        "Plain": 3,
    }
    return json.dumps(document | changes)


def test_a_line_becomes_one_datum_for_each_metric_and_set_of_dimensions():
    data = emf.read(a_line())

    assert [("EventLatency", 1), ("Plain", 1), ("EventLatency", 2), ("Plain", 2)] == [
        (datum.body["MetricName"], len(datum.body["Dimensions"])) for datum in data
    ]
    assert {
        "MetricName": "EventLatency",
        "Dimensions": [{"Name": "Stack", "Value": "local"}],
        "Timestamp": datetime.fromtimestamp(1_700_000_000, UTC),
        "Values": [1.5, 2.0],
        "Unit": "Milliseconds",
    } == data[0].body
    assert "None" == data[1].body["Unit"]
    assert {"Fluxa"} == {datum.namespace for datum in data}


def test_what_the_functions_write_can_be_read():
    lines: list[str] = []
    metrics = Metrics(service=Service.INGEST, stack="local", write=lines.append)
    metrics.count(MetricName.EVENTS_REJECTED, 2, reason="invalid_event")
    metrics.flush()

    data = [datum for line in lines for datum in emf.read(line)]

    assert {
        ("EventsRejected", (("Service", "ingest"), ("Stack", "local")), 2.0),
        ("EventsRejected", (("Reason", "invalid_event"), ("Service", "ingest"), ("Stack", "local")), 2.0),
    } == {
        (
            datum.body["MetricName"],
            tuple(sorted((dimension["Name"], dimension["Value"]) for dimension in datum.body["Dimensions"])),
            datum.body["Values"][0],
        )
        for datum in data
    }


@pytest.mark.parametrize(
    "line",
    [
        "START RequestId: 1 Version: $LATEST",
        "a sentence about CloudWatchMetrics",
        '{"event": "started", "note": "no CloudWatchMetrics here"}',
        '["CloudWatchMetrics"]',
    ],
)
def test_ordinary_lines_carry_no_metrics(line: str):
    assert [] == emf.read(line)


@pytest.mark.parametrize(
    "line",
    [
        a_line(EventLatency="fast"),
        a_line(EventLatency=None),
        a_line(_aws={"CloudWatchMetrics": []}),
        a_line(_aws="CloudWatchMetrics"),
        a_line(_aws={"Timestamp": 10**30, "CloudWatchMetrics": []}),
        a_line(_aws={"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "Fluxa"}]}),
        a_line().replace('"Stack": "local",', ""),
    ],
)
def test_a_line_that_breaks_the_format_is_named_as_such(line: str):
    with pytest.raises(emf.MalformedMetrics, match=r"Error: "):
        emf.read(line)
