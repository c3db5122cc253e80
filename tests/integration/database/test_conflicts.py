"""The conflict table: an id that comes again, with the same or other content, wherever the first event has got to.

The first event has content A and is in one of four states; a second one with its id comes by one of four ways. Ingest
keeps no state, so it accepts what it cannot know to be wrong, and the processor has the last word: the id belongs to
whichever content is stored first, and the other is parked as `event_id_reused`, never lost and never stored.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.adapters.event_store import PostgresEventStore
from functions.common.errors import PermanentError, TransientError
from functions.processor.message import Message
from tests.support.envelopes import a_message
from tests.support.fakes_processor import Stage
from tests.support.ingest_world import World
from tests.support.postgres_fixtures import opened_database

A: dict[str, Any] = {"event_id": "e-1", "type": "order.created", "payload": 1}
OTHERS = {
    "other payload": A | {"payload": 2},
    "other type": A | {"type": "order.deleted"},
    "other user": A | {"user_id": "u-2"},
}

HOLD_SECONDS = 0.3
"""How long a claim stays uncommitted: below the two seconds after which a waiting delivery would be a retry."""

STATES = ("in flight", "done", "dead-lettered", "failed once")

EXPECTED = {
    # The way → the state of the first → with the same content, with other content.
    "POST /events": {state: (["202"], ["202"]) for state in STATES},
    # The batch names A once more before the second; that one of them is wrong is seen in the batch itself.
    "POST /events/batch": {state: (["202", "202"], ["202", "409"]) for state in STATES},
    "processor": {
        "in flight": (["duplicate"], ["dead_lettered"]),
        "done": (["duplicate"], ["dead_lettered"]),
        # Neither a failure nor a dead letter has an effect that could be doubled: the id is free.
        "dead-lettered": (["processed"], ["processed"]),
        "failed once": (["processed"], ["processed"]),
    },
    # Lambda delivers A again together with the second, as a redrive or a redelivery does.
    "processor's batch": {
        "in flight": (["duplicate", "duplicate"], ["duplicate", "dead_lettered"]),
        "done": (["duplicate", "duplicate"], ["duplicate", "dead_lettered"]),
        "dead-lettered": (["processed", "duplicate"], ["processed", "dead_lettered"]),
        "failed once": (["processed", "duplicate"], ["processed", "dead_lettered"]),
    },
}
CELLS = [
    pytest.param(way, state, event, expected, id=f"{way}, {state}, {content}")
    for way, states in EXPECTED.items()
    for state, (same, other) in states.items()
    for content, event, expected in [("same", A, same), *((name, event, other) for name, event in OTHERS.items())]
]


class First:
    """The first event, brought into a state on a connection of its own."""

    def __init__(self, database_url: str) -> None:
        self.url = database_url

    @contextmanager
    def brought(self, state: str) -> Iterator[None]:
        if state == "in flight":
            with self._in_flight():
                yield
            return
        with opened_database(self.url) as database:
            stage = Stage(store=PostgresEventStore(database))
            error = {"done": None, "dead-lettered": PermanentError("No."), "failed once": TransientError("Not now.")}
            outcome = {"done": "processed", "dead-lettered": "dead_lettered", "failed once": "retry"}
            if (raised := error[state]) is not None:

                @stage.registry.on(A["type"])
                def refuse(_event: Any, _connection: Any) -> None:
                    raise raised

            assert [outcome[state]] == stage.outcomes(message_for(A))
        yield

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        claimed, stored = threading.Event(), []

        def hold(_event: Any, _connection: Any) -> None:
            claimed.set()
            time.sleep(HOLD_SECONDS)

        def process() -> None:
            with opened_database(self.url) as database:
                stage = Stage(store=PostgresEventStore(database))
                stage.registry.on(A["type"])(hold)
                stored.extend(stage.outcomes(message_for(A)))

        worker = threading.Thread(target=process)
        worker.start()
        assert claimed.wait(5)
        yield
        worker.join()
        assert ["processed"] == stored


def message_for(event: dict[str, Any]) -> Message:
    """What ingest makes of it, received by this machine's clock: a real database has no other partitions."""
    world = World()
    assert 202 == world.post(event)[0]
    (envelope,) = world.queue.envelopes()
    return a_message(replace(envelope, received_at=datetime.now(UTC)))


def answers(way: str, event: dict[str, Any]) -> list[str]:
    world = World()
    if way == "POST /events":
        return [str(world.post(event)[0])]
    return [str(item["status_code"]) for item in world.post_batch([A, event])["items"]]


@pytest.mark.parametrize(("way", "state", "event", "expected"), CELLS)
def test_an_id_that_comes_again(database, database_url, admin, way, state, event, expected):
    stage = Stage(store=PostgresEventStore(database))
    deliveries = [message_for(one) for one in ([event] if way == "processor" else [A, event])]

    with First(database_url).brought(state):
        seen = answers(way, event) if way.startswith("POST") else stage.outcomes(*deliveries)

    assert expected == seen
    # Whatever came of it: at most one row, nothing stored that was not claimed, and the other content is on view.
    rows = admin.execute("SELECT type, user_id, payload::text FROM events").fetchall()
    assert len(rows) <= 1
    letters = [json.loads(body)["payload"] for body, _ in stage.queue.parked]
    reasons = {attributes["dead_letter_reason"] for _, attributes in stage.queue.parked}
    parked = seen.count("dead_lettered")
    assert ([json.dumps(event["payload"])] * parked, {"event_id_reused"} if parked else set()) == (letters, reasons)


@pytest.mark.parametrize("state", ["dead-lettered", "failed once"])
def test_the_first_event_is_parked_when_another_took_its_id_while_it_had_failed(database, database_url, state):
    """A redrive, or the queue's next delivery, comes too late; it is told so, and nothing is overwritten."""
    stage = Stage(store=PostgresEventStore(database))
    with First(database_url).brought(state):
        pass

    taken = stage.outcomes(message_for(OTHERS["other type"]))
    (late,) = stage.run(message_for(A))

    assert (["processed"], "dead_lettered", "event_id_reused") == (taken, late.outcome.value, late.reason)


def test_a_key_from_before_contents_were_kept_is_compared_by_payload(database, admin):
    stage = Stage(store=PostgresEventStore(database))
    stage.outcomes(message_for(A))
    admin.execute("UPDATE idempotency_keys SET content_sha256 = NULL")

    outcomes = stage.outcomes(message_for(OTHERS["other type"]), message_for(OTHERS["other payload"]))

    assert ["duplicate", "dead_lettered"] == outcomes


def test_a_message_from_before_contents_were_sent_is_compared_by_what_it_says(database):
    stage = Stage(store=PostgresEventStore(database))
    stage.outcomes(message_for(A))

    old = [json.loads(message_for(event).body) for event in (A, OTHERS["other type"])]
    for envelope in old:
        del envelope["content_sha256"]

    assert ["duplicate", "dead_lettered"] == stage.outcomes(*(a_message(json.dumps(envelope)) for envelope in old))
