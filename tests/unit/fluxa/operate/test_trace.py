"""A trace from moto's CloudWatch Logs and a real HTTP server."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.trace import Tracer, require_identifier
from tests.support.batch_server import BatchServer

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="microseconds").replace("+00:00", "Z")


@pytest.fixture
def logs() -> Iterator[Any]:
    # The API is real and on this machine.
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        client = boto3.client("logs", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        for function in ("ingest", "processor"):
            client.create_log_group(logGroupName=f"/aws/lambda/fluxa-{function}")
            client.create_log_stream(logGroupName=f"/aws/lambda/fluxa-{function}", logStreamName="s")
        yield client


def log(logs: Any, function: str, *lines: dict[str, Any] | str) -> None:
    stamp = int(BEGAN.timestamp() * 1000)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    logs.put_log_events(
        logGroupName=f"/aws/lambda/fluxa-{function}",
        logStreamName="s",
        logEvents=[{"timestamp": stamp + n, "message": text} for n, text in enumerate(texts)],
    )


def an_event(**changes: Any) -> dict[str, Any]:
    return {
        "event_id": "e-1",
        "status": "completed",
        "type": "order.created",
        "received_at": at(0),
        "payload_bytes": 8,
        "attempts": 2,
        "errors": [{"at": at(2), "code": "database_busy", "message": "Busy.", "attempt": 1}],
        "completed_at": at(4),
        "updated_at": at(4),
        **changes,
    }


@pytest.fixture
def tracer(logs: Any, api: Api) -> Tracer:
    names = {name: f"fluxa-{name}" for name in ("ingest", "processor", "query")}
    return Tracer(api=api, logs=logs, functions=names)


def list_by_status(server: BatchServer, *events: dict[str, Any]) -> None:
    def page(parameters: dict[str, str]) -> dict[str, Any]:
        assert parameters["correlation_id"] == "c-1"
        return {"items": [event for event in events if event["status"] == parameters["status"]], "next_cursor": None}

    server.listing = page


def test_every_hop_stands_in_the_order_of_time(server: BatchServer, logs: Any, tracer: Tracer):
    list_by_status(server, an_event())
    log(logs, "ingest", {"timestamp": at(1), "message": "event_accepted", "correlation_id": "c-1", "storage": "s3"})
    processed = {"timestamp": at(5), "message": "message_processed", "correlation_id": "c-1", "attempt": 2}
    returned = {"timestamp": at(3), "message": "message_returned", "correlation_id": "c-1", "level": "warning"}
    log(logs, "processor", processed, returned)

    found = tracer.trace("c-1", since=BEGAN)

    assert [
        ("database", "received", {"event_id": "e-1", "type": "order.created", "payload_bytes": 8}),
        ("ingest", "event_accepted", {"storage": "s3"}),
        ("database", "attempt_failed", {"event_id": "e-1", "attempt": 1, "code": "database_busy", "message": "Busy."}),
        ("processor", "message_returned", {}),
        ("database", "completed", {"event_id": "e-1", "attempts": 2}),
        ("processor", "message_processed", {"attempt": 2}),
    ] == [(hop.hop, hop.what, dict(hop.details)) for hop in found.hops]
    assert ("query has logged nothing yet: there is no log group /aws/lambda/fluxa-query.",) == found.gaps


def test_lines_that_only_mention_the_id_and_metrics_are_left_out(server: BatchServer, logs: Any, tracer: Tracer):
    log(
        logs,
        "ingest",
        {"message": "other", "correlation_id": "c-10", "note": "c-1"},
        {"_aws": {}, "correlation_id": "c-1"},
        "START c-1",
        '"c-1"',
        {"message": "event_accepted", "correlation_id": "c-1"},
    )

    found = tracer.trace("c-1", since=BEGAN)

    # A line without a time of its own has the one it was logged at.
    assert [("event_accepted", BEGAN + timedelta(milliseconds=4))] == [(hop.what, hop.at) for hop in found.hops]


def a_timeline(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": "e-1", "status": "completed", "earlier_attempts": 0, "entries": list(entries)}


def test_what_was_sent_and_replayed_stands_among_the_hops(server: BatchServer, logs: Any, tracer: Tracer):
    list_by_status(server, an_event(errors=[], received_at=at(0.000456)))
    server.events["e-1/timeline"] = a_timeline(
        {"at": at(0.000456), "kind": "accepted", "correlation_id": "c-1"},
        # SQS has cut off the microseconds.
        {"at": at(0), "kind": "queued"},
        {"at": at(4), "kind": "processed", "attempts": 1},
        {"at": at(60), "kind": "replayed", "replay_id": "r-1"},
        {"at": at(61), "kind": "replay_processed", "replay_id": "r-1"},
    )

    found = tracer.trace("c-1", since=BEGAN)

    assert [
        ("database", "received", None),
        ("queue", "queued", None),
        ("database", "completed", None),
        ("queue", "replayed", "r-1"),
        ("database", "replay_processed", "r-1"),
    ] == [(hop.hop, hop.what, hop.details.get("replay_id")) for hop in found.hops]
    assert {"e-1"} == {hop.details["event_id"] for hop in found.hops}


def test_of_many_events_the_messages_are_left_out_with_a_word(server: BatchServer, tracer: Tracer):
    list_by_status(server, *(an_event(event_id=f"e-{n}") for n in range(21)))

    found = tracer.trace("c-1", since=BEGAN)

    assert found.gaps[0].startswith("Of 21 events the messages are left out")
    assert [] == [request for request in server.requests if "timeline" in request["path"]]


def test_a_stack_without_timelines_is_traced_all_the_same(server: BatchServer, tracer: Tracer):
    """API Gateway answers 403 for a path that it does not know."""
    list_by_status(server, an_event())
    server.forbidden.add("/v1/events/e-1/timeline")

    found = tracer.trace("c-1", since=BEGAN)

    assert ["received", "attempt_failed", "completed"] == [hop.what for hop in found.hops]
    assert "When messages were sent cannot be read" in found.gaps[0]


@pytest.mark.parametrize("status", ["failed", "dead_lettered"])
def test_an_event_that_did_not_make_it_ends_with_its_status(server: BatchServer, tracer: Tracer, status: str):
    list_by_status(server, an_event(status=status, completed_at=None, type=None, payload_bytes=None))

    hops = tracer.trace("c-1", since=BEGAN).hops

    assert ["received", "attempt_failed", status] == [hop.what for hop in hops]


def test_logs_are_read_from_when_the_event_was_accepted(server: BatchServer, logs: Any, tracer: Tracer):
    log(logs, "ingest", {"timestamp": at(0), "message": "event_accepted", "correlation_id": "c-1"})

    assert not tracer.trace("c-1", since=BEGAN + timedelta(minutes=4)).hops
    list_by_status(server, an_event())
    assert "event_accepted" in {hop.what for hop in tracer.trace("c-1", since=BEGAN + timedelta(minutes=4)).hops}


@pytest.mark.parametrize("text", ["", '" ?ERROR "', "a b", "x" * 129])
def test_what_no_id_can_be_is_not_searched_for(text: str):
    with pytest.raises(OperatorError, match="A correlation id has 1 to 128 characters"):
        require_identifier(text)
