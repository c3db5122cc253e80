"""Replays: a stored event is handled once more by the handlers that ask for it, and by no other."""

import json

import pytest
from pydantic import BaseModel

from functions.common import log
from functions.common.errors import (
    DatabaseUnavailable,
    PayloadArchived,
    PermanentError,
    TransientError,
)
from functions.common.names import Service
from functions.common.replay import decode_replay, encode_replay
from functions.processor.ports import Delay
from tests.support.envelopes import QUEUED_AT, a_message, a_replay, an_envelope, an_offloaded_envelope
from tests.support.fakes_processor import Stage


@pytest.fixture
def stage():
    log.configure(Service.PROCESSOR, "INFO")
    return Stage()


def stored(stage, envelope):
    stage.store.store([envelope], within_seconds=1)
    return envelope


def seen_by(stage, name, **options):
    """Register a handler that says what it saw."""
    stage.registry.on("order.created", **options)(
        lambda event, connection: connection.execute(f"{name}:{event.event_id}:{event.replay_id}")
    )


def figures(stage):
    stage.metrics.flush()
    total = json.loads(stage.emf_lines[0])
    return {name: total[name] for name in total if name.startswith("Event")}


def test_a_replay_runs_only_the_handlers_that_ask_for_it(stage):
    seen_by(stage, "mailer")
    seen_by(stage, "projection", replay=True)
    envelope = an_envelope("e-1")

    assert ["processed", "processed"] == stage.outcomes(a_message(envelope)) + stage.outcomes(
        a_message(a_replay(envelope, "rebuild-1"))
    )
    assert ["mailer:e-1:None", "projection:e-1:None", "projection:e-1:rebuild-1"] == stage.store.effects


def test_a_handler_with_a_model_gets_the_stored_payload_as_one(stage):
    class Order(BaseModel):
        n: int

    seen = []
    stage.registry.on("order.created", schema=Order, replay=True)(lambda event, _, order: seen.append(order.n))
    envelope = stored(stage, an_envelope("e-1", payload='{"n": 7}'))

    assert ["processed"] == stage.outcomes(a_message(a_replay(envelope)))
    assert [7] == seen


def test_a_handler_gets_the_event_as_it_is_stored_whatever_the_message_says_of_it(stage):
    seen_by(stage, "projection", replay=True)
    envelope = stored(stage, an_envelope("e-1"))

    assert ["processed"] == stage.outcomes(a_message(a_replay(envelope, type="order.cancelled")))
    assert ["projection:e-1:rebuild-1"] == stage.store.effects


def test_a_replay_handles_an_event_once_and_another_replay_once_more(stage):
    seen_by(stage, "p", replay=True)
    envelope = stored(stage, an_envelope("e-1"))
    message = a_message(a_replay(envelope, "rebuild-1"))

    assert ["processed", "duplicate", "duplicate"] == stage.outcomes(message, message, message)
    assert ["processed"] == stage.outcomes(a_message(a_replay(envelope, "rebuild-2")))
    assert ["p:e-1:rebuild-1", "p:e-1:rebuild-2"] == stage.store.effects
    assert {("e-1", "rebuild-1"): QUEUED_AT, ("e-1", "rebuild-2"): QUEUED_AT} == stage.store.replays


@pytest.mark.parametrize(
    "changes", [{}, {"received_at": QUEUED_AT}], ids=["no such event", "no such event at that time"]
)
def test_a_replay_of_what_is_not_stored_is_parked_with_its_reason(stage, changes):
    if changes:
        stored(stage, an_envelope("e-1"))
    message = a_message(a_replay(an_envelope("e-1"), **changes))

    (result,) = stage.run(message)

    assert ("dead_lettered", "event_not_found") == (result.outcome, result.reason)
    ((body, attributes),) = stage.queue.parked
    assert message.body == body
    assert ("rebuild-1", "event_not_found", "c-1") == tuple(
        attributes[name] for name in ("replay_id", "dead_letter_reason", "correlation_id")
    )
    assert ({}, {}) == (stage.store.failures, stage.store.replays)


def test_an_event_deleted_while_its_payload_was_fetched_is_not_handled(stage):
    seen_by(stage, "p", replay=True)
    envelope = stored(stage, an_offloaded_envelope("e-1"))

    def erase(reference, **_):
        del stage.store.events["e-1"]
        return b'{"n": 1}'

    stage.payloads.get = erase

    (result,) = stage.run(a_message(a_replay(envelope)))

    assert ("dead_lettered", "event_not_found") == (result.outcome, result.reason)
    assert [] == stage.store.effects


def test_a_payload_in_the_bucket_is_fetched_only_for_a_handler(stage):
    envelope = stored(stage, an_offloaded_envelope("e-1"))
    stage.payloads.objects[envelope.payload_ref.key] = b'{"n": 1}'

    assert ["processed"] == stage.outcomes(a_message(a_replay(envelope, "rebuild-1")))
    assert [] == stage.payloads.reads

    seen_by(stage, "p", replay=True)
    assert ["processed"] == stage.outcomes(a_message(a_replay(envelope, "rebuild-2")))
    assert [envelope.payload_ref.key] == stage.payloads.reads


def test_a_payload_that_changed_in_the_bucket_is_not_handled(stage):
    seen_by(stage, "p", replay=True)
    envelope = stored(stage, an_offloaded_envelope("e-1"))
    stage.payloads.objects[envelope.payload_ref.key] = b'{"n": 2}'

    (result,) = stage.run(a_message(a_replay(envelope)))

    assert ("dead_lettered", "payload_hash_mismatch") == (result.outcome, result.reason)
    assert ([], {}) == (stage.store.effects, stage.store.replays)


def test_an_archived_payload_is_parked_at_once_and_says_what_to_do(stage):
    seen_by(stage, "p", replay=True)
    envelope = stored(stage, an_offloaded_envelope("e-1"))
    stage.payloads.broken = PayloadArchived("The payload object is archived: restore it, then redrive the message.")

    (result,) = stage.run(a_message(a_replay(envelope)))

    assert ("dead_lettered", "payload_archived") == (result.outcome, result.reason)
    assert "restore it" in stage.queue.parked[0][1]["dead_letter_error"]


def test_a_replay_that_fails_for_good_is_parked_and_the_event_stays_as_it_is(stage):
    def refuse(_event, connection):
        connection.execute("half done")
        raise PermanentError("Never.")

    stage.registry.on("order.created", replay=True)(refuse)
    envelope = stored(stage, an_envelope("e-1"))

    (result, other) = stage.run(a_message(a_replay(envelope)), a_message(an_envelope("e-2", type="plain")))

    assert ("dead_lettered", "permanent_error") == (result.outcome, result.reason)
    assert "processed" == other.outcome
    assert ([], {}, {}) == (stage.store.effects, stage.store.failures, stage.store.replays)
    assert "completed" == stage.store.status("e-1")


def test_a_replay_that_fails_for_the_moment_comes_back_and_then_works(stage):
    works = False

    @stage.registry.on("order.created", replay=True)
    def late(_event, connection):
        if not works:
            raise TransientError("Later.")
        connection.execute("done")

    message = a_message(a_replay(stored(stage, an_envelope("e-1"))), receive_count=2)

    (first,) = stage.run(message)
    works = True

    assert ("retry", "transient_error") == (first.outcome, first.reason)
    assert [Delay(receipt_handle=message.receipt_handle, seconds=4)] == stage.queue.delays
    assert {} == stage.store.failures
    assert ["processed"] == stage.outcomes(message)
    assert ["done"] == stage.store.effects


def test_a_database_that_is_down_slows_the_poller_for_replays_too(stage):
    stage.store.broken = DatabaseUnavailable("down")

    with pytest.raises(DatabaseUnavailable, match="all 1 messages"):
        stage.run(a_message(a_replay(an_envelope("e-1"))))


def test_replays_count_apart_and_have_no_latency(stage):
    seen_by(stage, "p", replay=True)
    message = a_message(a_replay(stored(stage, an_envelope("e-1"))))

    stage.run(message, message, a_message(a_replay(an_envelope("gone"))))

    assert {"EventsReplayed": 2, "EventsDeadLettered": 1, "EventsFailed": 1} == figures(stage)


def test_a_replay_is_followed_by_the_ids_of_event_and_replay(stage, capsys):
    stage.registry.on("order.created", replay=True)(lambda *_: log.get_logger().info("rebuilt"))
    message = a_message(a_replay(stored(stage, an_envelope("e-1", correlation_id="c-9"))))

    stage.run(message, a_message(a_replay(an_envelope("gone", correlation_id="c-8"))))

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    keys = ("message", "event_id", "correlation_id", "replay_id", "reason")
    assert [
        ("rebuilt", "e-1", "c-9", "rebuild-1", None),
        ("message_processed", "e-1", "c-9", "rebuild-1", None),
        ("message_dead_lettered", "gone", "c-8", "rebuild-1", "event_not_found"),
    ] == [tuple(line.get(key) for key in keys) for line in told]


def test_a_damaged_replay_is_parked_and_never_taken_for_an_event(stage):
    body = json.dumps(json.loads(encode_replay(a_replay(an_envelope("e-1")))) | {"received_at": "soon"})

    (result,) = stage.run(a_message(body))

    assert ("dead_lettered", "invalid_envelope") == (result.outcome, result.reason)
    assert {} == stage.store.events


def test_a_replay_parked_without_its_attribute_gets_it_back(stage):
    message = a_message(encode_replay(a_replay(an_envelope("gone"))))

    stage.run(message)

    ((body, attributes),) = stage.queue.parked
    assert ("rebuild-1", "rebuild-1") == (attributes["replay_id"], decode_replay(body).replay_id)
