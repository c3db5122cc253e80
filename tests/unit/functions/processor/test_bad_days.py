"""Batches on days when the database is gone, the queue is throttled, or time runs out."""

import pytest

from functions.common.errors import (
    DatabaseBusy,
    DatabaseUnavailable,
    QueueUnavailable,
    SecretUnavailable,
    TransientError,
)
from tests.support.envelopes import a_message, an_envelope
from tests.support.fakes_processor import MAX_RECEIVE_COUNT, FakeTime, Stage


@pytest.fixture
def stage():
    stage = Stage()

    @stage.registry.on("patient")
    def wait(_event, _connection):
        raise TransientError("Come back tomorrow.")

    return stage


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), SecretUnavailable("throttled")], ids=lambda e: e.code)
def test_an_outage_of_the_database_fails_the_whole_invocation(stage, error):
    stage.store.broken = error

    with pytest.raises(DatabaseUnavailable, match="failed all 10 messages"):
        stage.run(*(a_message() for _ in range(10)))

    assert ([], []) == (stage.queue.parked, stage.queue.delays)


def test_an_outage_is_not_tried_ten_times(stage):
    stage.store.broken = DatabaseUnavailable("gone")

    with pytest.raises(DatabaseUnavailable, match="all"):
        stage.run(*(a_message() for _ in range(10)))

    assert 2 == stage.store.statements


def test_a_lost_connection_costs_one_attempt_and_no_message(stage):
    lost = iter([DatabaseUnavailable("reset")])
    original = stage.store.store

    def store(events, **others):
        for error in lost:
            raise error
        return original(events, **others)

    stage.store.store = store

    assert ["processed"] * 3 == stage.outcomes(*(a_message() for _ in range(3)))


def test_a_busy_database_is_the_messages_fault_not_an_outage(stage):
    stage.store.broken = DatabaseBusy("deadlock")

    assert ["retry", "retry"] == stage.outcomes(a_message(), a_message())


def test_an_outage_that_spares_a_message_is_reported_message_by_message(stage):
    stage.store.broken = DatabaseUnavailable("gone")

    assert ["dead_lettered", "retry"] == stage.outcomes(a_message("{"), a_message())


def test_an_outage_leaves_the_return_to_the_queues_visibility_time_out(stage):
    stage.store.broken = DatabaseUnavailable("gone")

    stage.run(a_message("{"), a_message())

    assert [] == stage.queue.delays


def test_messages_that_failed_come_back_after_a_back_off_by_receive_count(stage):
    messages = [a_message(an_envelope(type="patient"), receive_count=count) for count in (1, 2, 3, 4)]

    stage.run(*messages)

    expected = [(message.receipt_handle, seconds) for message, seconds in zip(messages, (2, 4, 8, 16), strict=True)]
    assert expected == [(delay.receipt_handle, delay.seconds) for delay in stage.queue.delays]


def test_a_queue_that_cannot_delay_changes_no_outcome(stage):
    stage.queue.broken = QueueUnavailable("throttled")

    assert ["processed", "retry"] == stage.outcomes(a_message(), a_message(an_envelope(type="patient")))


def test_a_slow_message_does_not_let_the_invocation_be_cut_off():
    stage = Stage(time=FakeTime(20))

    @stage.registry.on("slow")
    def dawdle(_event, _connection):
        stage.time.seconds -= 7

    results = stage.run(*(a_message(an_envelope(type="slow")) for _ in range(5)))

    assert ["processed"] * 3 + ["retry"] * 2 == [result.outcome for result in results]
    assert ["out_of_time"] * 2 == [result.reason for result in results[3:]]
    assert [18, 11, 4] == stage.store.limits


def test_a_batch_that_arrives_too_late_is_returned_untouched():
    stage = Stage(time=FakeTime(3))

    assert ["retry", "retry"] == stage.outcomes(a_message(), a_message())
    assert 0 == stage.store.statements


def test_a_message_that_cannot_be_parked_in_time_is_a_retry():
    stage = Stage(time=FakeTime(0.4))

    (result,) = stage.run(a_message("{"))

    assert ("retry", "out_of_time") == (result.outcome, result.reason)


def test_a_message_that_the_queue_would_give_up_is_parked_with_its_reason(stage):
    before, last = (a_message(an_envelope(type="patient"), receive_count=MAX_RECEIVE_COUNT - back) for back in (1, 0))

    results = stage.run(before, last)

    assert ["retry", "dead_lettered"] == [result.outcome.value for result in results]
    [(body, attributes)] = stage.queue.parked
    assert (last.body, results[1].reason) == (body, attributes["dead_letter_reason"])


def test_a_message_that_could_not_be_parked_at_its_last_delivery_is_a_retry(stage):
    stage.queue.broken = QueueUnavailable("throttled")

    assert ["retry"] == stage.outcomes(a_message(an_envelope(type="patient"), receive_count=MAX_RECEIVE_COUNT))
