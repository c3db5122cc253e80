"""Every message of a batch ends in exactly one outcome, whatever happens to its neighbours."""

import pytest

from functions.common.errors import (
    DatabaseBusy,
    InvalidEvent,
    PermanentError,
    QueueUnavailable,
    TransientError,
)
from functions.common.names import EventStatus
from tests.support.envelopes import a_message, an_envelope, an_offloaded_envelope, with_fields
from tests.support.fakes_processor import Stage


@pytest.fixture
def stage():
    return Stage()


class OutOfStock(PermanentError):
    code = "out_of_stock"


class WarehouseClosed(TransientError):
    code = "warehouse_closed"


def a_handler_that_raises(stage, error, event_type="order.created"):
    @stage.registry.on(event_type)
    def refuse(_event, _connection):
        raise error


def test_a_clean_batch_is_stored_by_one_statement(stage):
    messages = [a_message() for _ in range(10)]

    assert ["processed"] * 10 == stage.outcomes(*messages)
    assert 1 == stage.store.statements
    assert 10 == len(stage.store.events)


def test_an_empty_batch_touches_nothing(stage):
    assert [] == stage.run()
    assert 0 == stage.store.statements


def test_a_second_delivery_is_acknowledged_without_effect(stage):
    envelope = an_envelope("e-1")

    assert ["processed"] == stage.outcomes(a_message(envelope))
    assert ["duplicate"] == stage.outcomes(a_message(envelope))


def test_the_same_event_twice_in_one_batch_is_stored_once(stage):
    envelope = an_envelope("e-1")

    assert ["processed", "duplicate"] == stage.outcomes(a_message(envelope), a_message(envelope))


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two batches"])
def test_an_id_used_again_for_other_content_is_parked_and_the_first_stays(stage, together):
    first, second = an_envelope("e-1", payload="1"), an_envelope("e-1", payload="2")
    batches = [(a_message(first), a_message(second))] if together else [(a_message(first),), (a_message(second),)]

    results = [result for batch in batches for result in stage.run(*batch)]

    assert [("processed", None), ("dead_lettered", "event_id_reused")] == [(r.outcome, r.reason) for r in results]
    assert first == stage.store.events["e-1"]
    assert EventStatus.COMPLETED == stage.store.status("e-1")


def test_results_come_in_the_order_of_the_messages(stage):
    stage.store.refuses["bad"] = InvalidEvent("no")
    messages = [a_message(an_envelope(name)) for name in ("z", "bad", "a")] + [a_message("{")]

    assert [message.message_id for message in messages] == [r.message.message_id for r in stage.run(*messages)]


def test_poison_in_the_middle_hurts_no_neighbour(stage):
    stage.store.refuses["bad"] = InvalidEvent("PostgreSQL refused the event's data (22P05).")
    ids = ["e-1", "e-2", "bad", "e-4", "e-5"]

    outcomes = stage.outcomes(*(a_message(an_envelope(event_id)) for event_id in ids))

    assert ["processed", "processed", "dead_lettered", "processed", "processed"] == outcomes
    assert {"e-1", "e-2", "e-4", "e-5"} == set(stage.store.events)
    assert EventStatus.DEAD_LETTERED == stage.store.status("bad")


def test_a_bug_while_storing_everything_is_pinned_on_the_event_it_belongs_to(stage):
    stage.store.refuses["bad"] = KeyError("bug")

    results = stage.run(*(a_message(an_envelope(event_id)) for event_id in ("e-1", "bad", "e-3")))

    assert [None, "unexpected", None] == [result.reason for result in results]


def test_a_body_that_is_no_envelope_is_parked_unchanged(stage):
    (result,) = stage.run(a_message("not JSON"))

    assert ("dead_lettered", "invalid_envelope") == (result.outcome, result.reason)
    assert ["not JSON"] == [body for body, _ in stage.queue.parked]


@pytest.mark.parametrize(
    "fields",
    [
        {"event_id": "../../etc"},
        {"event_id": "e 1"},
        {"correlation_id": "line\nbreak"},
        {"received_at": "2026-11-23T12:00:00"},
        {"payload_sha256": "ABC"},
        {"content_sha256": "0" * 64},
        {"type": "another type than its content's hash says"},
        {"payload_bytes": -1},
        {"version": "2"},
        {"payload": None},
    ],
    ids=str,
)
def test_an_envelope_that_ingest_would_not_write_is_parked(stage, fields):
    (result,) = stage.run(a_message(with_fields(an_envelope(), **fields)))

    assert ("dead_lettered", "invalid_envelope") == (result.outcome, result.reason)
    assert {} == stage.store.failures


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OutOfStock("None left."), ("dead_lettered", "out_of_stock")),
        (WarehouseClosed("Come back tomorrow."), ("retry", "warehouse_closed")),
        (ZeroDivisionError("bug"), ("retry", "unexpected")),
        (RecursionError("deep bug"), ("retry", "unexpected")),
        (SystemExit(3), ("retry", "unexpected")),
    ],
    ids=["permanent", "transient", "bug", "recursion", "exit"],
)
def test_what_a_handler_raises_decides_about_its_event_only(stage, error, expected):
    a_handler_that_raises(stage, error, "order.created")
    messages = [a_message(an_envelope(type=name)) for name in ("order.paid", "order.created", "order.paid")]

    results = stage.run(*messages)

    assert [("processed", None), expected, ("processed", None)] == [(r.outcome, r.reason) for r in results]
    assert 2 == len(stage.store.events)


def test_a_handlers_effects_and_its_event_stand_and_fall_together(stage):
    @stage.registry.on("order.created")
    def reserve(_event, connection):
        connection.execute("UPDATE stock")

    @stage.registry.on("order.created")
    def charge(event, connection):
        connection.execute("UPDATE balance")
        if event.payload["broke"]:
            raise OutOfStock("No money either.")

    stage.run(
        a_message(an_envelope("poor", payload='{"broke": true}')),
        a_message(an_envelope("rich", payload='{"broke": false}')),
    )

    assert ["UPDATE stock", "UPDATE balance"] == stage.store.effects
    assert {"rich"} == set(stage.store.events)


def test_a_handler_does_not_run_for_a_duplicate(stage):
    calls = []
    stage.registry.on("order.created")(lambda event, _connection: calls.append(event.event_id))
    envelope = an_envelope("e-1")

    stage.run(a_message(envelope), a_message(envelope))
    stage.run(a_message(envelope))

    assert ["e-1"] == calls


def test_a_failed_event_can_succeed_later(stage):
    stage.store.refuses["e-1"] = DatabaseBusy("locked")
    message = a_message(an_envelope("e-1"))

    assert ["retry"] == stage.outcomes(message)
    assert EventStatus.FAILED == stage.store.status("e-1")

    stage.store.refuses.clear()

    assert ["processed"] == stage.outcomes(message)
    assert EventStatus.COMPLETED == stage.store.status("e-1")


def test_what_cannot_be_parked_is_a_retry(stage):
    a_handler_that_raises(stage, OutOfStock("none"))
    stage.queue.broken = QueueUnavailable("down")

    (result,) = stage.run(a_message(an_envelope("e-1")))

    assert ("retry", "queue_unavailable") == (result.outcome, result.reason)
    assert (EventStatus.FAILED, "out_of_stock") == (stage.store.status("e-1"), stage.store.failures["e-1"].code)


def test_what_cannot_be_recorded_is_parked_all_the_same(stage):
    a_handler_that_raises(stage, OutOfStock("none"))
    original = stage.store.record_failure
    stage.store.record_failure = lambda *_args, **_kwargs: (_ for _ in ()).throw(ValueError("bug"))

    assert ["dead_lettered"] == stage.outcomes(a_message())
    assert original != stage.store.record_failure


def test_messages_with_payloads_at_hand_do_not_wait_for_slow_ones(stage):
    seen = []
    offloaded = an_offloaded_envelope("large")
    stage.payloads.get = lambda *_args, **_kwargs: seen.append(dict(stage.store.events)) or b'{"n": 1}'

    stage.run(a_message(offloaded), a_message(an_envelope("small")))

    assert [{"small"}] == [set(events) for events in seen]
