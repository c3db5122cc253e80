"""Replays and redrives against a real PostgreSQL: each takes effect once, whoever is killed, late, or at it as well."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from functions.adapters.event_store import PostgresEventStore
from functions.common.errors import DatabaseBusy, EventNotFound, PermanentError
from functions.processor.ports import Arrival
from tests.support.envelopes import QUEUED_AT, a_message, a_recent_envelope, a_replay
from tests.support.fakes_processor import Stage
from tests.support.postgres_fixtures import opened_database, session

LIMIT = 20.0
WORKER = Path(__file__).with_name("kill_worker.py")
ROOT = WORKER.parents[3]


with_the_key = pytest.mark.parametrize(
    "key",
    [
        "DELETE FROM idempotency_keys WHERE event_id = 'e-1'",
        "SELECT FROM idempotency_keys WHERE event_id = 'e-1' FOR UPDATE",
    ],
    ids=["deletes its key", "locks its key"],
)
"""What a deletion of an event does with its key, before it deletes the event."""


@pytest.fixture
def store(database):
    return PostgresEventStore(database)


@pytest.fixture
def effects(admin):
    """Rows without a unique key, so doubling shows."""
    admin.execute("CREATE TABLE effects (event_id text, replay_id text)")
    return lambda: admin.execute("SELECT event_id, replay_id FROM effects ORDER BY 1, 2").fetchall()


@pytest.fixture
def event(store):
    """One that is stored."""
    envelope = a_recent_envelope("e-1", type="watched")
    store.store([envelope], within_seconds=LIMIT)
    return envelope


def a_stage(store):
    stage = Stage(store=store)
    stage.registry.on("watched", replay=True)(note)
    return stage


def note(event, connection):
    connection.execute("INSERT INTO effects VALUES (%s, %s)", [event.event_id, event.replay_id])


def replay(store, request, effect=lambda _connection: None):
    return store.replay(request, effect, requested_at=QUEUED_AT, within_seconds=LIMIT)


def replays(admin):
    return admin.execute("SELECT event_id, replay_id, requested_at FROM replays ORDER BY 1, 2").fetchall()


class TestContract:
    """Kept by the fake as well."""

    def test_each_replay_has_its_effect_once(self, any_store):
        event, calls = a_recent_envelope("e-1"), []
        any_store.store([event], within_seconds=LIMIT)

        news = [replay(any_store, a_replay(event, name), calls.append) for name in ("a", "a", "b", "a")]

        assert ([True, False, True, False], 2) == (news, len(calls))

    def test_an_effect_that_fails_takes_the_note_with_it(self, any_store):
        event = a_recent_envelope("e-1")
        any_store.store([event], within_seconds=LIMIT)

        with pytest.raises(ZeroDivisionError, match="division"):
            replay(any_store, a_replay(event), lambda _: 1 / 0)

        assert replay(any_store, a_replay(event))

    def test_what_is_not_stored_cannot_be_replayed(self, any_store):
        calls = []

        with pytest.raises(EventNotFound, match="deleted"):
            replay(any_store, a_replay(a_recent_envelope("e-1")), calls.append)

        assert [] == calls

    def test_a_redrive_is_noted_with_the_event_it_brought(self, any_store):
        event, calls = a_recent_envelope("e-1"), []
        redriven = Arrival(queued_at=QUEUED_AT, replay_id="redrive-1")
        any_store.store_with(event, calls.append, arrival=redriven, within_seconds=LIMIT)

        assert not replay(any_store, a_replay(event, "redrive-1"), calls.append)
        assert 1 == len(calls)


def test_a_replay_changes_neither_the_event_nor_its_key(store, admin, effects, event):
    before = admin.execute("SELECT k, e FROM idempotency_keys k JOIN events e USING (event_id)").fetchall()

    assert ["processed", "duplicate"] == a_stage(store).outcomes(*[a_message(a_replay(event))] * 2)

    assert before == admin.execute("SELECT k, e FROM idempotency_keys k JOIN events e USING (event_id)").fetchall()
    assert [("e-1", "rebuild-1")] == effects()
    assert [("e-1", "rebuild-1", QUEUED_AT)] == replays(admin)


def test_a_handler_sees_the_event_as_it_was_when_it_was_stored(store, admin):
    seen = []
    stage = Stage(store=store)
    stage.registry.on("watched", replay=True)(lambda event, _connection: seen.append(event))
    envelope = a_recent_envelope(
        "e-1", type="watched", payload='{"n": 1.50, "n": 2}', attributes={"subject": "7"}, user_id="u", source="s"
    )

    # Whatever the session's time zone is, times are in UTC.
    admin.execute("ALTER DATABASE " + admin.info.dbname + " SET timezone = 'Asia/Kolkata'")
    stage.run(a_message(envelope))
    stage.run(a_message(a_replay(envelope)))

    first, again = ({**vars(event), "replay_id": None} for event in seen)
    assert first == again
    assert "UTC" == str(seen[1].received_at.tzinfo)


def test_three_deliveries_of_a_replay_and_one_of_another(store, effects, event):
    stage = a_stage(store)

    first = [stage.outcomes(a_message(a_replay(event, "rebuild-1"))) for _ in range(3)]

    assert [["processed"], ["duplicate"], ["duplicate"]] == first
    assert ["processed"] == stage.outcomes(a_message(a_replay(event, "rebuild-2")))
    assert [("e-1", "rebuild-1"), ("e-1", "rebuild-2")] == effects()


def test_two_workers_with_the_same_replay_at_once_have_its_effect_once(database_url, store, effects):
    events = [a_recent_envelope(f"e-{number:02}", type="watched") for number in range(20)]
    store.store(events, within_seconds=LIMIT)
    messages = [a_message(a_replay(event)) for event in events]
    start = threading.Barrier(2, timeout=20)

    def deliver(_number):
        with opened_database(database_url) as database:
            stage = a_stage(PostgresEventStore(database))
            start.wait()
            return stage.outcomes(*messages)

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(deliver, range(2)))

    assert [["duplicate", "processed"]] * 20 == [sorted(pair) for pair in zip(*outcomes, strict=True)]
    assert [(event.event_id, "rebuild-1") for event in events] == effects()


def test_a_second_worker_waits_for_the_first_ones_fate(database_url, store, effects, event):
    """The first one rolls back, so the second has to take over: to call it a duplicate would lose the effect."""
    began, go_on = threading.Event(), threading.Event()

    def begin_and_fail(connection):
        note_of(event)(connection)
        began.set()
        go_on.wait(10)
        raise PermanentError("Never.")

    with opened_database(database_url) as other, ThreadPoolExecutor(2) as threads:
        first = threads.submit(replay, PostgresEventStore(other), a_replay(event), begin_and_fail)
        assert began.wait(10)
        second = threads.submit(replay, store, a_replay(event), note_of(event))
        with pytest.raises(TimeoutError):
            second.result(timeout=0.3)
        go_on.set()

        with pytest.raises(PermanentError, match="Never"):
            first.result()
        assert second.result()

    assert [("e-1", "rebuild-1")] == effects()


def note_of(event):
    return lambda connection: connection.execute("INSERT INTO effects VALUES (%s, 'rebuild-1')", [event.event_id])


def test_a_worker_killed_between_effect_and_commit_leaves_nothing_and_the_next_delivery_does_it(
    database_url, store, admin, effects, event
):
    with subprocess.Popen(
        [sys.executable, WORKER, database_url, "--dawdle"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        worker.stdin.write(f"{event.event_id}@{event.received_at.isoformat()}\n")
        worker.stdin.flush()
        assert "effect\n" == worker.stdout.readline()
        worker.send_signal(signal.SIGKILL)

    assert ([], []) == (effects(), replays(admin))
    stage = a_stage(store)
    assert [["processed"], ["duplicate"]] == [stage.outcomes(a_message(a_replay(event))) for _ in range(2)]
    assert [("e-1", "rebuild-1")] == effects()


@pytest.mark.parametrize("left", ["nothing", "its key"])
def test_a_replay_of_an_event_that_was_deleted_is_parked_and_brings_nothing_back(store, admin, effects, event, left):
    admin.execute("DELETE FROM events")
    if left == "nothing":
        admin.execute("DELETE FROM idempotency_keys")
    stage = a_stage(store)

    (result,) = stage.run(a_message(a_replay(event)))

    assert ("dead_lettered", "event_not_found") == (result.outcome, result.reason)
    assert 1 == len(stage.queue.parked)
    assert ([], []) == (effects(), replays(admin))
    assert (0,) == admin.execute("SELECT count(*) FROM events").fetchone()


def test_an_event_deleted_since_it_was_read_is_not_handled_although_its_key_is_there(store, admin, event):
    calls = []
    admin.execute("DELETE FROM events")

    with pytest.raises(EventNotFound, match="deleted"):
        replay(store, a_replay(event), calls.append)

    assert ([], []) == (calls, replays(admin))


@with_the_key
def test_a_deletion_waits_for_a_replay_that_has_begun(database_url, store, effects, event, key):
    """So whoever deletes what handlers made of an event, after the event, finds all of it."""
    with session(database_url) as eraser, ThreadPoolExecutor(1) as threads:

        def watch_deletion(connection):
            note_of(event)(connection)
            deletion = threads.submit(eraser.execute, key)
            with pytest.raises(TimeoutError):
                deletion.result(timeout=0.3)

        assert replay(store, a_replay(event), watch_deletion)

    assert [("e-1", "rebuild-1")] == effects()


@with_the_key
def test_a_replay_waits_for_a_deletion_that_has_begun_and_does_nothing_then(
    database_url, store, admin, effects, event, key
):
    with session(database_url) as eraser, ThreadPoolExecutor(1) as threads:
        with eraser.transaction():
            eraser.execute(key)
            eraser.execute("DELETE FROM events WHERE event_id = 'e-1'")
            late = threads.submit(replay, store, a_replay(event), note_of(event))
            with pytest.raises(TimeoutError):
                late.result(timeout=0.3)

        with pytest.raises(EventNotFound, match="deleted"):
            late.result()

    assert ([], []) == (effects(), replays(admin))


def test_a_replay_kept_waiting_by_a_deletion_is_a_retry(database_url, processors_url, event):
    with session(database_url) as eraser, opened_database(processors_url) as database, eraser.transaction():
        eraser.execute("DELETE FROM idempotency_keys WHERE event_id = 'e-1'")

        with pytest.raises(DatabaseBusy, match="55P03"):
            replay(PostgresEventStore(database), a_replay(event))


def test_what_a_handler_broke_a_rule_of_is_the_events_fault_and_not_a_missing_event(store, admin, event):
    admin.execute("CREATE TABLE owners (id text PRIMARY KEY)")
    admin.execute("CREATE TABLE things (owner text REFERENCES owners)")
    stage = Stage(store=store)
    stage.registry.on("watched", replay=True)(
        lambda _, connection: connection.execute("INSERT INTO things VALUES ('x')")
    )

    (result,) = stage.run(a_message(a_replay(event)))

    assert ("dead_lettered", "invalid_event") == (result.outcome, result.reason)


def test_a_handler_that_swallows_a_database_error_does_not_make_a_replay_count(store, admin, event):
    def careless(connection):
        try:
            connection.execute("SELECT 1 FROM nowhere")
        except Exception:  # noqa: BLE001 - as users do
            return

    with pytest.raises(RuntimeError, match="swallowed"):
        replay(store, a_replay(event), careless)

    assert [] == replays(admin)


def test_a_redrive_of_a_new_event_and_of_a_duplicate_are_both_on_record(store, admin, effects):
    stage = a_stage(store)
    envelope, plain = a_recent_envelope("e-1", type="watched"), a_recent_envelope("e-2", type="plain")

    outcomes = [
        stage.outcomes(a_message(envelope, redrive=redrive), a_message(plain, redrive=redrive))
        for redrive in ("redrive-1", "redrive-2")
    ]

    assert [["processed"] * 2, ["duplicate"] * 2] == outcomes
    assert [("e-1", None)] == effects()
    assert [(e, r, QUEUED_AT) for e in ("e-1", "e-2") for r in ("redrive-1", "redrive-2")] == replays(admin)


def test_a_redrive_of_a_reused_id_is_not_on_record_of_the_event_that_has_it(store, admin, event):
    message = a_message(a_recent_envelope("e-1", type="watched", payload="2"), redrive="redrive-1")

    assert ["event_id_reused"] == [result.reason for result in Stage(store=store).run(message)]
    assert [] == replays(admin)


def test_a_redrive_that_fails_again_is_not_on_record_as_done(store, admin):
    stage = Stage(store=store)

    @stage.registry.on("watched")
    def refuse(*_):
        raise PermanentError("Never.")

    stage.run(a_message(a_recent_envelope("e-1", type="watched"), redrive="redrive-1"))

    assert [] == replays(admin)
    ((errors,),) = admin.execute("SELECT errors FROM idempotency_keys").fetchall()
    assert [("redrive-1", "dead_lettered")] == [(error["replay_id"], error["outcome"]) for error in errors]


@pytest.mark.parametrize("type_", ["watched", "plain"], ids=["alone", "in a batch"])
def test_a_stored_event_says_when_its_message_was_sent(store, admin, effects, type_):
    a_stage(store).run(a_message(a_recent_envelope("e-1", type=type_)))

    assert (QUEUED_AT,) == admin.execute("SELECT queued_at FROM idempotency_keys").fetchone()
