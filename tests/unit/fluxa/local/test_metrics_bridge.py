import json
import logging
import threading
import time

from botocore.exceptions import EndpointConnectionError

from fluxa.local.metrics_bridge import OVERLAP_MILLISECONDS, MetricsBridge
from tests.support.fake_logs import FakeAws

GROUP = "/aws/lambda/ingest"


def a_metric_line(value: int = 1) -> str:
    directive = {"Namespace": "Fluxa", "Dimensions": [["Stack"]], "Metrics": [{"Name": "EventsAccepted"}]}
    return json.dumps(
        {"_aws": {"Timestamp": 1_000, "CloudWatchMetrics": [directive]}, "Stack": "local", "EventsAccepted": value}
    )


def a_bridge(aws: FakeAws, *groups: str) -> MetricsBridge:
    return MetricsBridge(aws, groups or (GROUP,))


def test_every_metric_is_carried_over_exactly_once():
    aws = FakeAws()
    bridge = a_bridge(aws)
    aws.log(GROUP, a_metric_line(1), at=10_000)
    aws.log(GROUP, "START RequestId", at=10_000)

    counts = [bridge.carry()]
    aws.log(GROUP, a_metric_line(2), at=10_000)
    counts += [bridge.carry(), bridge.carry()]

    assert [1, 1, 0] == counts
    assert [[1.0], [2.0]] == [datum["Values"] for datum in aws.put]


def test_a_line_that_is_logged_late_is_not_missed():
    aws = FakeAws()
    bridge = a_bridge(aws)
    aws.log(GROUP, a_metric_line(1), at=10_000)
    bridge.carry()

    aws.log(GROUP, a_metric_line(2), at=10_000 - OVERLAP_MILLISECONDS)

    assert 1 == bridge.carry()


def test_nothing_is_carried_twice_as_time_goes_on():
    aws = FakeAws()
    bridge = a_bridge(aws)
    for step in range(20):
        aws.log(GROUP, a_metric_line(), at=step * OVERLAP_MILLISECONDS)
        bridge.carry()

    assert 20 == len(aws.put)


def test_a_function_that_has_not_logged_yet_is_waited_for():
    aws = FakeAws()
    bridge = a_bridge(aws, "/aws/lambda/silent", GROUP)
    aws.log(GROUP, a_metric_line(), at=1)

    assert 1 == bridge.carry()


def test_a_malformed_line_is_told_once_and_hurts_no_other(caplog):
    aws = FakeAws()
    bridge = a_bridge(aws)
    for _ in range(3):
        aws.log(GROUP, a_metric_line().replace('"EventsAccepted": 1', '"EventsAccepted": "x"'), at=1)
    aws.log(GROUP, a_metric_line(), at=1)

    assert 1 == bridge.carry()
    assert 1 == len(caplog.records)
    assert "A function logged metrics that CloudWatch would drop: ValueError" in caplog.text


def test_the_thread_outlives_an_unreachable_emulator_and_says_so(caplog):
    aws = FakeAws()
    aws.fail_with = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    bridge = a_bridge(aws)
    said = threading.Event()
    caplog.handler.addFilter(lambda record: said.set() or True)

    with caplog.at_level(logging.WARNING):
        bridge.start()
        told = said.wait(5)
        aws.fail_with = None
        aws.log(GROUP, a_metric_line(), at=1)
        carried = aws.put_happened.wait(5)
        bridge.stop()

    assert told
    assert carried
    assert ["Metrics could not be carried over: EndpointConnectionError"] == caplog.messages


def test_it_stops_promptly():
    bridge = a_bridge(FakeAws())
    bridge.start()

    started = time.monotonic()
    bridge.stop()

    assert time.monotonic() - started < 0.4
    assert "metrics-bridge" not in {thread.name for thread in threading.enumerate()}
