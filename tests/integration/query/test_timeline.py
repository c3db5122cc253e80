"""Timelines from real tables, with rows as the processor writes them, and as it wrote them before there were any."""

import itertools
from datetime import timedelta

import pytest

from functions.adapters.event_histories import FIND_HISTORY, PostgresEventHistories
from functions.common.names import DatabaseRole, EventStatus
from functions.query.ports import EventHistory, FailedAttempt, Replay
from functions.query.timeline import entries_of
from tests.support.event_histories import REDRIVE, after, an_attempt
from tests.support.plans import explain, scanned_partitions
from tests.support.stored_events import NOON, a_failed_event, a_stored_event, an_error, insert


@pytest.fixture
def histories(database):
    """The adapter under test."""
    return PostgresEventHistories(database)


def queue(writer, event_id, moment):
    """Write down when the message was sent that stored an event."""
    writer.execute("UPDATE idempotency_keys SET queued_at = %s WHERE event_id = %s", [moment, event_id])


def replay(writer, event_id, replay_id, requested_at, processed_at):
    """Write down a replay that was handled."""
    writer.execute(
        "INSERT INTO replays (event_id, replay_id, requested_at, processed_at) VALUES (%s, %s, %s, %s)",
        [event_id, replay_id, requested_at, processed_at],
    )


def fail(writer, event_id, attempt, *, queued_at, outcome, replay_id=None):
    """Add a failure to a key as the processor does: PostgreSQL writes the times."""
    writer.execute(
        """
        UPDATE idempotency_keys
           SET errors = errors || jsonb_strip_nulls(jsonb_build_object(
                   'at', %(at)s::timestamptz, 'code', 'database_busy', 'message', 'Busy.', 'attempt', %(attempt)s::int,
                   'queued_at', %(queued_at)s::timestamptz, 'outcome', %(outcome)s::text,
                   'replay_id', %(replay_id)s::text))
         WHERE event_id = %(event_id)s
        """,
        {
            "event_id": event_id,
            "at": NOON + timedelta(seconds=attempt),
            "attempt": attempt,
            "queued_at": queued_at,
            "outcome": outcome,
            "replay_id": replay_id,
        },
    )


def kinds(history):
    return [entry.kind.value for entry in entries_of(history)]


def test_a_redriven_event_is_read_with_all_that_was_written_down(histories, writer):
    insert(writer, a_stored_event("e-1", attempts=3, completed_at=NOON + timedelta(seconds=61)))
    insert(writer, a_stored_event("e-2"))
    fail(writer, "e-1", 1, queued_at=after(0.5), outcome="retry")
    fail(writer, "e-1", 2, queued_at=after(0.5), outcome="dead_lettered")
    queue(writer, "e-1", after(60))
    replay(writer, "e-1", REDRIVE, after(60), NOON + timedelta(seconds=61))
    replay(writer, "e-1", "r-2", after(90), after(91))
    replay(writer, "e-2", "r-2", after(90), after(91))

    history = histories.history("e-1")

    assert (
        EventHistory(
            event_id="e-1",
            received_at=NOON,
            status=EventStatus.COMPLETED,
            correlation_id="c-1",
            attempts=3,
            queued_at=after(60),
            completed_at=NOON + timedelta(seconds=61),
            failures=(
                an_attempt(1, queued_at=after(0.5), outcome="retry"),
                an_attempt(2, queued_at=after(0.5), outcome="dead_lettered"),
            ),
            replays=(
                Replay(replay_id=REDRIVE, requested_at=after(60), processed_at=NOON + timedelta(seconds=61)),
                Replay(replay_id="r-2", requested_at=after(90), processed_at=after(91)),
            ),
        )
        == history
    )
    assert [
        "accepted",
        "queued",
        "failed",
        "dead_lettered",
        "replayed",
        "processed",
        "replayed",
        "replay_processed",
    ] == kinds(history)


def test_an_attempt_of_a_redrive_is_read_with_its_id(histories, writer):
    insert(writer, a_failed_event("e-1", errors=()))
    fail(writer, "e-1", 1, queued_at=after(0.5), outcome="dead_lettered", replay_id=REDRIVE)

    [failure] = histories.history("e-1").failures

    assert an_attempt(1, queued_at=after(0.5), outcome="dead_lettered", replay_id=REDRIVE) == failure


def test_rows_from_before_are_told_without_what_they_do_not_say(histories, writer):
    insert(writer, a_failed_event("f-1"), a_stored_event("e-1", errors=(an_error(),), attempts=2))

    failed, stored = histories.history("f-1"), histories.history("e-1")

    at = NOON.replace(microsecond=0) + timedelta(seconds=1)
    first = FailedAttempt(at=at, code="handler_refused", message="Out of stock.", attempt=1)
    assert (first, None) == (failed.failures[0], failed.queued_at)
    assert ["accepted", "failed", "dead_lettered"] == kinds(failed)
    assert ["accepted", "failed", "processed"] == kinds(stored)
    assert ("c-1", "c-1") == (failed.correlation_id, stored.correlation_id)


def test_an_event_whose_key_retention_removed_was_accepted_and_processed(histories, writer):
    event = a_stored_event("e-1")
    insert(writer, event, with_keys=False)

    history = histories.history("e-1")

    assert (NOON, event.summary.processed_at) == (history.received_at, history.completed_at)
    assert ("c-1", None, (), ()) == (history.correlation_id, history.attempts, history.failures, history.replays)
    assert ["accepted", "processed"] == kinds(history)


def test_an_event_that_retention_dropped_is_gone_although_its_key_is_not(histories, writer):
    insert(writer, a_stored_event("e-1"))
    writer.execute("DELETE FROM events")

    assert histories.history("e-1") is None


def test_an_unknown_event_has_no_history(histories, writer):
    insert(writer, a_stored_event("e-1"), a_failed_event("f-1"))

    assert histories.history("e-2") is None


@pytest.mark.parametrize("text", ["' OR true --", "%", "%s", "%(event_id)s", "{}", "\\"])
def test_what_is_asked_for_is_never_part_of_the_statement(histories, writer, text):
    insert(writer, a_stored_event("e-1"))

    assert histories.history(text) is None


def test_times_are_those_that_were_written_whatever_zone_the_server_is_in(histories, writer):
    writer.execute(f"ALTER DATABASE {writer.info.dbname} SET timezone = 'Asia/Kolkata'")
    insert(writer, a_stored_event("e-1"))
    fail(writer, "e-1", 1, queued_at=after(0.5), outcome="retry")
    replay(writer, "e-1", "r-1", after(90), after(91))

    history = histories.history("e-1")

    assert [an_attempt(1, queued_at=after(0.5), outcome="retry")] == list(history.failures)
    assert [Replay(replay_id="r-1", requested_at=after(90), processed_at=after(91))] == list(history.replays)


def events_of_three_months():
    for month, number in itertools.product((-1, 0, 1), range(100)):
        yield a_stored_event(f"e-{month}-{number}", received_at=NOON + timedelta(days=30 * month, seconds=number))


def test_a_timeline_is_one_statement_that_reads_one_partition(writer):
    insert(writer, *events_of_three_months(), a_failed_event("f-1"))

    stored, failed, unknown = (
        scanned_partitions(explain(writer, FIND_HISTORY, {"event_id": event_id})) for event_id in ("e-1-7", "f-1", "x")
    )

    assert {"events_2026_12"} == stored
    assert {"events_2026_11"} == failed
    # Without a key nothing says where it lies: one index probe in each.
    assert {f"events_{month}" for month in ("2026_10", "2026_11", "2026_12", "2027_01")} <= unknown


def test_the_query_role_may_read_all_that_a_timeline_is_made_of(writer):
    insert(writer, a_stored_event("e-1"))
    writer.execute(f"SET ROLE {DatabaseRole.QUERY}")

    assert 1 == len(writer.execute(FIND_HISTORY, {"event_id": "e-1"}).fetchall())
