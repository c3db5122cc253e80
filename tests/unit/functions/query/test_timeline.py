"""The timeline of one event, put together from what was written down."""

import json
from datetime import timedelta

import pytest

from functions.common.errors import DatabaseUnavailable, EventNotFound, MalformedRequest
from functions.common.names import EventStatus
from functions.query.ports import Replay
from functions.query.timeline import Historian, earlier_attempts, entries_of
from tests.support.event_histories import REDRIVE, a_history, a_redriven_history, after, an_attempt
from tests.support.fakes_query import BrokenEventHistories, InMemoryEventHistories
from tests.support.stored_events import NOON


def told(history):
    """Return the kinds in their order, each with what it says, and check that no time goes back.

    SQS's are cut off to milliseconds, so within one they may.
    """
    entries = entries_of(history)
    milliseconds = [entry.at.replace(microsecond=entry.at.microsecond // 1000 * 1000) for entry in entries]
    assert sorted(milliseconds) == milliseconds
    return [(entry.kind.value, dict(entry.details)) for entry in entries]


def kinds(history):
    return [kind for kind, _ in told(history)]


def failing(*failures, status=EventStatus.FAILED, **changes):
    """An event that has not been stored so far."""
    attempts = max(failure.attempt for failure in failures)
    fields = {"status": status, "completed_at": None, "queued_at": None, "failures": failures, "attempts": attempts}
    return a_history(**fields | changes)


def sent(attempt, queued_at=0.5, outcome="retry", **changes):
    """A failed attempt as it is written down now."""
    return an_attempt(attempt, queued_at=after(queued_at), outcome=outcome, **changes)


def old(attempt):
    """A failed attempt as it was written down before there were timelines."""
    return an_attempt(attempt)


def a_replay(replay_id="r-1", at=100):
    return Replay(replay_id=replay_id, requested_at=after(at), processed_at=NOON + timedelta(seconds=at + 1))


CASES = {
    "stored at once": (a_history(), ["accepted", "queued", "processed"]),
    "stored before timelines": (a_history(queued_at=None), ["accepted", "processed"]),
    "the record is gone": (a_history(queued_at=None, attempts=None), ["accepted", "processed"]),
    "waiting for another try": (failing(sent(1)), ["accepted", "queued", "failed"]),
    "stored at the third attempt": (
        a_history(failures=(sent(1), sent(2)), completed_at=after(9), attempts=3),
        ["accepted", "queued", "failed", "failed", "processed"],
    ),
    "parked at once": (
        failing(sent(1, outcome="dead_lettered"), status=EventStatus.DEAD_LETTERED),
        ["accepted", "queued", "dead_lettered"],
    ),
    "parked after a retry": (
        failing(sent(1), sent(2, outcome="dead_lettered"), status=EventStatus.DEAD_LETTERED),
        ["accepted", "queued", "failed", "dead_lettered"],
    ),
    "parked before timelines": (
        failing(old(1), old(2), status=EventStatus.DEAD_LETTERED),
        ["accepted", "failed", "dead_lettered"],
    ),
    "failed before timelines": (failing(old(1), old(2)), ["accepted", "failed", "failed"]),
    "failed before timelines and again since": (
        failing(old(1), sent(2, outcome="dead_lettered"), status=EventStatus.DEAD_LETTERED),
        ["accepted", "queued", "failed", "dead_lettered"],
    ),
    "parked once, and once more by a version from before": (
        failing(sent(1, outcome="dead_lettered"), old(2), status=EventStatus.DEAD_LETTERED),
        ["accepted", "queued", "dead_lettered", "dead_lettered"],
    ),
    "stored after it was parked, all before timelines": (
        a_history(queued_at=None, failures=(old(1),), completed_at=after(9), attempts=2),
        ["accepted", "failed", "processed"],
    ),
    "redriven and stored": (
        a_redriven_history(),
        ["accepted", "queued", "failed", "dead_lettered", "replayed", "processed"],
    ),
    "redriven, failed, and waiting": (
        failing(sent(1, outcome="dead_lettered"), sent(2, 1.5, replay_id=REDRIVE)),
        ["accepted", "queued", "dead_lettered", "replayed", "failed"],
    ),
    "redriven and parked again": (
        failing(
            sent(1, outcome="dead_lettered"),
            sent(2, 1.5, "dead_lettered", replay_id=REDRIVE),
            status=EventStatus.DEAD_LETTERED,
        ),
        ["accepted", "queued", "dead_lettered", "replayed", "dead_lettered"],
    ),
    "sent twice by its client": (
        a_history(failures=(sent(1),), queued_at=after(1.5), attempts=2),
        ["accepted", "queued", "failed", "queued", "processed"],
    ),
    "replayed": (
        a_history(replays=(a_replay(),)),
        ["accepted", "queued", "processed", "replayed", "replay_processed"],
    ),
    "replayed twice": (
        a_history(replays=(a_replay("r-1", 100), a_replay("r-2", 200))),
        ["accepted", "queued", "processed", *["replayed", "replay_processed"] * 2],
    ),
    "a replay that failed first": (
        a_history(
            failures=(an_attempt(2, at=after(101), queued_at=after(100), replay_id="r-1"),), replays=(a_replay(),)
        ),
        ["accepted", "queued", "processed", "replayed", "failed", "replay_processed"],
    ),
    "a replay that was parked": (
        a_history(
            failures=(an_attempt(2, at=after(101), queued_at=after(100), replay_id="r-1", outcome="dead_lettered"),)
        ),
        ["accepted", "queued", "processed", "replayed", "dead_lettered"],
    ),
    "a replay of one stored before timelines": (
        a_history(queued_at=None, replays=(a_replay(),)),
        ["accepted", "processed", "replayed", "replay_processed"],
    ),
}


@pytest.mark.parametrize(("history", "expected"), CASES.values(), ids=CASES)
def test_whatever_was_written_down_is_told_once_and_in_order(history, expected):
    assert expected == kinds(history)


def test_each_entry_says_what_is_known_of_it():
    assert [
        ("accepted", {"correlation_id": "c-1"}),
        ("queued", {}),
        ("failed", {"attempt": 1, "code": "database_busy", "message": "Busy."}),
        ("dead_lettered", {"attempt": 2, "code": "permanent_error", "message": "Out of stock."}),
        ("replayed", {"replay_id": REDRIVE}),
        ("processed", {"attempts": 3, "replay_id": REDRIVE}),
    ] == told(a_redriven_history())


def test_an_attempt_of_a_replay_names_it():
    history = failing(sent(1, replay_id=REDRIVE), correlation_id=None)

    assert [
        ("accepted", {}),
        ("replayed", {"replay_id": REDRIVE}),
        ("failed", {"attempt": 1, "code": "database_busy", "message": "Busy.", "replay_id": REDRIVE}),
    ] == told(history)


def test_what_was_stored_by_its_own_message_names_no_replay():
    assert ("processed", {"attempts": 1}) in told(a_history(replays=(a_replay(),)))


def test_a_message_that_was_tried_twenty_times_was_sent_once():
    history = failing(*(sent(attempt) for attempt in range(1, 21)))

    assert ["accepted", "queued", *["failed"] * 20] == kinds(history)


def test_causes_stand_before_effects_within_the_millisecond_that_sqs_cuts_off():
    """The message was sent after the event was accepted, although its time says before."""
    history = a_history(queued_at=after(0), completed_at=after(0))

    assert history.queued_at < history.received_at
    assert ["accepted", "queued", "processed"] == kinds(history)


EARLIER = {
    "nothing failed": (a_history(), 0),
    "every failure is there": (failing(sent(1), sent(2)), 0),
    "twenty of twenty-five are there": (failing(*(sent(attempt) for attempt in range(6, 26))), 5),
    "stored, and all failures are there": (a_history(failures=(sent(1),), attempts=2), 0),
    "stored, and the first is gone": (a_history(failures=(an_attempt(2, at=after(1)),), attempts=3), 1),
    "stored at once, and failed in a replay": (a_history(failures=(an_attempt(2, at=after(101)),), attempts=2), 0),
    "a replay counts its own attempts": (a_history(failures=(an_attempt(1, at=after(101)),)), 0),
    "the record is gone": (a_history(attempts=None), None),
}


@pytest.mark.parametrize(("history", "expected"), EARLIER.values(), ids=EARLIER)
def test_attempts_that_are_kept_no_longer_are_counted(history, expected):
    assert expected == earlier_attempts(history)


def a_historian(*histories):
    return Historian(histories=InMemoryEventHistories(histories))


def test_a_timeline_is_answered_with_times_in_utc():
    assert {
        "event_id": "e-1",
        "status": "completed",
        "earlier_attempts": 0,
        "entries": [
            {"at": "2026-11-23T12:00:00.123456Z", "kind": "accepted", "correlation_id": "c-1"},
            {"at": "2026-11-23T12:00:00.623000Z", "kind": "queued"},
            {"at": "2026-11-23T12:00:02.123456Z", "kind": "processed", "attempts": 1},
        ],
    } == json.loads(a_historian(a_history()).timeline("e-1"))


def test_an_unknown_id_is_not_found():
    with pytest.raises(EventNotFound, match="may follow soon"):
        a_historian(a_history()).timeline("e-2")


@pytest.mark.parametrize("event_id", ["", "a b", "é", "\ud800", "%00", "a%2Fb", "..", "x" * 129])
def test_an_id_that_no_event_can_have_is_malformed(event_id):
    with pytest.raises(MalformedRequest, match="no event can have") as refusal:
        a_historian().timeline(event_id)

    assert ["event_id"] == [problem.field for problem in refusal.value.problems]


def test_an_id_that_the_gateway_left_encoded_is_found():
    assert "a:b" == json.loads(a_historian(a_history(event_id="a:b")).timeline("a%3Ab"))["event_id"]


def test_a_database_that_does_not_answer_is_not_a_missing_event():
    with pytest.raises(DatabaseUnavailable, match="down"):
        Historian(histories=BrokenEventHistories(DatabaseUnavailable("down"))).timeline("e-1")
