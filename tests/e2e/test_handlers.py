"""Users' handlers: what they do commits with the event, or not at all."""

import time
from datetime import datetime
from typing import Any

import psycopg

from functions.common.replay import ReplayRequest, encode_replay, replay_attributes
from tests.support.api import Api, eventually


def _effects(connection: psycopg.Connection, event_id: str) -> int:
    row = connection.execute("SELECT count(*) FROM test_effects WHERE event_id = %s", [event_id]).fetchone()
    assert row
    return int(row[0])


def _when(event: dict[str, Any], status: str) -> dict[str, Any] | None:
    return event if event["status"] == status else None


def _settled(event: dict[str, Any]) -> str | None:
    return None if event["status"] == "failed" else event["status"]


def test_a_permanent_failure_leaves_nothing_but_its_record(api: Api, effects: psycopg.Connection):
    event_id = f"refused-{time.time_ns()}"

    api.post({"event_id": event_id, "type": "effect.refused", "user_id": "u1"})

    record = eventually(lambda: _when(api.get_event(event_id), "dead_lettered"))
    assert ("permanent_error", "effect.refused") == (record["errors"][0]["code"], record["type"])
    assert "payload" not in record
    assert 0 == _effects(effects, event_id)
    found = api.list_events(status="dead_lettered", user_id="u1", type="effect.refused")["items"]
    assert event_id in {item["event_id"] for item in found}


def test_a_transient_failure_is_tried_again_until_it_works(api: Api, effects: psycopg.Connection):
    event_id = f"late-{time.time_ns()}"

    api.post({"event_id": event_id, "type": "effect.late"})

    event = eventually(lambda: _when(api.get_event(event_id), "completed"), timeout_seconds=60)
    assert (2, ["transient_error"]) == (event["attempts"], [error["code"] for error in event["errors"]])
    assert 1 == _effects(effects, event_id)
    # The back-off was really set: otherwise the message would have waited for the whole visibility time-out.
    assert [] == api.log_lines("processor", "messages_not_delayed")


def test_neighbours_of_a_failing_event_are_stored(api: Api, effects: psycopg.Connection):
    run = f"neighbour-{time.time_ns()}"
    for number in range(20):
        kind = "effect.refused" if number % 5 == 0 else "plain"
        api.post({"event_id": f"{run}-{number}", "type": kind})

    statuses = [
        eventually(lambda event_id=f"{run}-{number}": _settled(api.get_event(event_id))) for number in range(20)
    ]
    assert ["dead_lettered" if number % 5 == 0 else "completed" for number in range(20)] == statuses


def test_a_replay_takes_effect_once_however_often_it_is_delivered(api: Api, effects: psycopg.Connection):
    event_id = f"replayed-{time.time_ns()}"
    api.post({"event_id": event_id, "type": "effect.replayed"})
    event = api.get_event(event_id)

    for replay_id in ("rebuild-1", "rebuild-1", "rebuild-2"):
        request = ReplayRequest(
            replay_id=replay_id,
            event_id=event_id,
            received_at=datetime.fromisoformat(event["received_at"]),
            type=event["type"],
            correlation_id=event["correlation_id"],
        )
        api.aws("sqs").send_message(
            QueueUrl=api.outputs["queue_url"],
            MessageBody=encode_replay(request),
            MessageAttributes=replay_attributes(request),
        )

    eventually(lambda: 3 == len(api.log_lines("processor", event_id, '"replay_id"')))
    outcomes = sorted(line["outcome"] for line in api.json_log_lines("processor", event_id, '"replay_id"'))
    assert ["duplicate", "processed", "processed"] == outcomes
    assert 3 == _effects(effects, event_id)
    assert event == api.get_event(event_id)
    (queued_at, requested) = effects.execute(
        "SELECT queued_at, (SELECT count(*) FROM replays r WHERE r.event_id = k.event_id AND requested_at > queued_at)"
        " FROM idempotency_keys k WHERE event_id = %s",
        [event_id],
    ).fetchone() or (None, None)
    assert (True, 2) == (queued_at is not None, requested)
