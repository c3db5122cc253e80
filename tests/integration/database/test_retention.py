"""Retention on a real server: what is old enough goes, and nothing that is younger by an hour."""

import threading
import time
from datetime import timedelta

import pytest
from psycopg import errors, sql

from functions.common.names import DatabaseRole
from functions.maintenance import expired_keys
from functions.maintenance.partitions import partition_name, premake
from functions.maintenance.retention import LEAVING, Retention
from tests.support.owned_database import PASSWORDS
from tests.support.postgres_fixtures import session

DAYS = 90
KEY_DAYS = 35
HOUR = timedelta(hours=1)
AGE = timedelta(days=DAYS)

REPLAYS_READ_WHOLE = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'replays'"


@pytest.fixture
def owner(deployed):
    with deployed.owner() as connection:
        yield connection


@pytest.fixture
def now(owner):
    return owner.execute("SELECT now()").fetchone()[0]


def a_partition(owner, name, start, end):
    owner.execute(f"CREATE TABLE {name} PARTITION OF events FOR VALUES FROM ('{start}') TO ('{end}')")


def an_event(owner, event_id, received_at):
    owner.execute(
        "INSERT INTO events (event_id, received_at, type, correlation_id, payload, payload_bytes, payload_sha256)"
        " VALUES (%s, %s, 't', 'c', '1', 1, '\\x00')",
        [event_id, received_at],
    )
    a_key(owner, event_id, received_at)


def a_key(owner, event_id, received_at, *, updated_at=None, status="completed"):
    owner.execute(
        "INSERT INTO idempotency_keys (event_id, payload_sha256, status, attempts, first_seen_at, updated_at,"
        " completed_at, received_at) VALUES (%s, %s, %s, 1, %s, %s, %s, %s)",
        [
            event_id,
            b"\0" * 32,
            status,
            received_at,
            updated_at or received_at,
            received_at if status == "completed" else None,
            received_at,
        ],
    )


def mark(owner, partition):
    owner.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(sql.Identifier(partition), sql.Literal(LEAVING)))


def partitions(owner):
    return {
        name
        for (name,) in owner.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass"
        )
    }


def tables(owner):
    return {name for (name,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def ids(owner, table="events"):
    return {event_id for (event_id,) in owner.execute(f"SELECT event_id FROM {table}")}


def keys(owner):
    return ids(owner, "idempotency_keys")


def remove(owner, *, days=DAYS, key_days=KEY_DAYS, seconds=300.0):
    return Retention(days=days, key_days=key_days).run(owner, lambda: seconds)


def test_without_a_number_of_days_everything_is_kept(owner, now):
    a_partition(owner, "events_1999", "1999-01-01", "2000-01-01")
    an_event(owner, "old", "1999-06-01")

    assert remove(owner, days=None) is None
    assert ({"old"}, {"old"}) == (ids(owner), keys(owner))


def test_a_partition_goes_when_its_end_is_old_enough_and_its_keys_go_with_it(owner, now):
    a_partition(owner, "over", now - AGE - 9 * HOUR, now - AGE - HOUR)
    an_event(owner, "over", now - AGE - 2 * HOUR)
    an_event(owner, "new", now)

    removed = remove(owner)

    assert (["over"], [], 1) == (removed.partitions, removed.postponed, removed.keys)
    assert "over" not in tables(owner)
    assert ({"new"}, {"new"}) == (ids(owner), keys(owner))


def test_a_partition_stays_whole_while_one_hour_of_it_is_young_enough(owner, now):
    a_partition(owner, "almost", now - AGE - 9 * HOUR, now - AGE + HOUR)
    an_event(owner, "old", now - AGE - 8 * HOUR)

    removed = remove(owner)

    assert ([], 0) == (removed.partitions, removed.keys)
    assert ({"old"}, {"old"}) == (ids(owner), keys(owner))
    assert DAYS == pytest.approx(removed.oldest_days, abs=1)


def test_a_key_outlives_the_event_of_any_partition_that_is_still_there(owner, now):
    a_partition(owner, "over", now - AGE - 20 * HOUR, now - AGE - 9 * HOUR)
    a_partition(owner, "almost", now - AGE - 9 * HOUR, now - AGE + HOUR)
    an_event(owner, "gone", now - AGE - 10 * HOUR)
    an_event(owner, "kept", now - AGE - 8 * HOUR)

    assert 1 == remove(owner).keys
    assert ({"kept"}, {"kept"}) == (ids(owner), keys(owner))


@pytest.mark.parametrize("status", ["completed", "failed", "dead_lettered"])
def test_a_key_stays_as_long_as_its_message_may_come_again(owner, now, status):
    age = timedelta(days=400)
    a_key(owner, "older", now - age - HOUR, status=status)
    a_key(owner, "younger", now - age + HOUR, status=status)
    a_key(owner, "touched", now - age - HOUR, updated_at=now - age + HOUR, status=status)

    assert 1 == remove(owner, key_days=400).keys
    assert {"younger", "touched"} == keys(owner)


def test_keys_go_in_batches_until_none_is_left(owner, now):
    owner.execute(
        "INSERT INTO idempotency_keys (event_id, payload_sha256, status, attempts, first_seen_at, updated_at,"
        " completed_at, received_at) SELECT n::text, decode(repeat('00', 32), 'hex'), 'completed', 1, at, at, at, at"
        # A thousand of each age: a batch ends in the middle of one.
        " FROM generate_series(1, 5000) AS n, LATERAL (SELECT now() - make_interval(days => 200 + n / 1000)) AS t (at)"
    )
    an_event(owner, "new", now)

    assert 5000 == remove(owner).keys
    assert {"new"} == keys(owner)


def test_a_key_that_is_held_at_this_moment_is_left_for_tomorrow(deployed, owner, now):
    a_key(owner, "held", now - 2 * AGE)
    a_key(owner, "free", now - 2 * AGE)
    with deployed.owner() as busy, busy.transaction():
        busy.execute("SELECT FROM idempotency_keys WHERE event_id = 'held' FOR UPDATE")

        assert 1 == remove(owner).keys

    assert {"held"} == keys(owner)
    assert 1 == remove(owner).keys


def test_when_time_runs_short_the_rest_waits_for_tomorrow(owner, now):
    a_partition(owner, "over", now - AGE - 9 * HOUR, now - AGE - HOUR)
    an_event(owner, "over", now - AGE - 2 * HOUR)
    a_key(owner, "older", now - 2 * AGE)

    removed = remove(owner, seconds=expired_keys.RESERVE_SECONDS)

    assert ([], ["over"], 0) == (removed.partitions, removed.postponed, removed.keys)
    assert ({"over"}, {"over", "older"}) == (ids(owner), keys(owner))
    tomorrow = remove(owner)
    assert (["over"], 2) == (tomorrow.partitions, tomorrow.keys)


def test_events_are_stored_while_a_month_is_being_removed(deployed, owner, now):
    """A reader of the old month holds the removal up; what arrives meanwhile must not queue behind it."""
    a_partition(owner, "over", now - AGE - 9 * HOUR, now - AGE - HOUR)
    an_event(owner, "over", now - AGE - 2 * HOUR)
    outcome = []
    with deployed.owner() as reader, deployed.owner() as other, deployed.owner() as writer:
        with reader.transaction():
            reader.execute("SELECT count(*) FROM events")
            removing = threading.Thread(target=lambda: outcome.append(remove(other)))
            removing.start()
            wait_until_waiting(owner, other.info.backend_pid)
            started = time.monotonic()
            an_event(writer, "meanwhile", now)
            waited = time.monotonic() - started
        removing.join()

    assert 1 > waited
    assert ["over"] == outcome[0].partitions
    assert {"meanwhile"} == ids(owner)


def wait_until_waiting(owner, pid):
    for _ in range(500):
        if owner.execute("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", [pid]).fetchone() is not None:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_removal_that_a_long_reader_stopped_half_way_is_finished_by_the_next_run(deployed, owner, now):
    a_partition(owner, "over", now - AGE - 9 * HOUR, now - AGE - HOUR)
    a_partition(owner, "over_too", now - AGE - 20 * HOUR, now - AGE - 9 * HOUR)
    with deployed.owner() as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM events")

        assert ["over", "over_too"] == remove(owner).postponed

    # A writer's lock on `events`, which finishing must not wait for, nor hold others up for.
    with deployed.owner() as writer, writer.transaction():
        an_event(writer, "meanwhile", now)

        assert "over" in remove(owner).partitions

    remove(owner)
    assert not {"over", "over_too"} & tables(owner)


def test_a_month_that_was_detached_and_not_dropped_is_dropped_by_the_next_run(owner, now):
    a_partition(owner, "over", now - AGE - 9 * HOUR, now - AGE - HOUR)
    mark(owner, "over")
    owner.execute("ALTER TABLE events DETACH PARTITION over")

    assert ["over"] == remove(owner).partitions
    assert "over" not in tables(owner)


def test_a_month_that_somebody_else_detached_is_theirs(owner):
    a_partition(owner, "events_1999_01", "1999-01-01", "1999-02-01")
    owner.execute("ALTER TABLE events DETACH PARTITION events_1999_01")

    assert [] == remove(owner).partitions
    assert "events_1999_01" in tables(owner)


def test_a_month_marked_under_a_shorter_retention_stays_when_it_is_raised(owner, now):
    a_partition(owner, "over", now - AGE - 9 * HOUR, now - AGE - HOUR)
    mark(owner, "over")

    assert [] == remove(owner, days=DAYS + 1).partitions
    assert "over" in partitions(owner)


def test_what_retention_removed_is_not_made_again(owner, now):
    """On the last days of a month, all of the month before may be too old; yet it is one of those that are premade."""
    last_month = partition_name(now.replace(day=1) - timedelta(days=1))
    owner.execute(f"DROP TABLE {last_month}")

    assert [] == premake(owner, retention_days=now.day - 1).created
    assert [last_month] == premake(owner, retention_days=now.day).created


def test_nobody_but_the_owner_can_remove_anything(deployed, owner, now):
    a_partition(owner, "over", now - AGE - 9 * HOUR, now - AGE - HOUR)
    url = deployed.url(DatabaseRole.PROCESSOR, PASSWORDS[DatabaseRole.PROCESSOR])

    with session(url) as processor, pytest.raises(errors.InsufficientPrivilege, match="must be owner"):
        remove(processor)
    assert "over" in partitions(owner)


def test_replays_go_with_their_keys_and_those_of_younger_keys_stay(owner, now):
    for event_id, at in (("old", now - 2 * AGE), ("new", now)):
        a_key(owner, event_id, at)
        owner.cursor().executemany(
            "INSERT INTO replays (event_id, replay_id, requested_at) VALUES (%s, %s, %s)",
            [(event_id, f"replay-{number}", at) for number in range(3)],
        )

    assert 1 == remove(owner).keys
    assert [("new", 3)] == owner.execute("SELECT event_id, count(*) FROM replays GROUP BY event_id").fetchall()


def test_keys_go_as_quickly_however_many_replays_others_have(owner, now):
    """Each key that goes is looked up among the replays: by their primary key, never by reading them all."""
    owner.execute(
        "INSERT INTO idempotency_keys (event_id, payload_sha256, status, attempts, first_seen_at, updated_at,"
        " completed_at, received_at) SELECT n::text, decode(repeat('00', 32), 'hex'), 'completed', 1, at, at, at, at"
        # Two thousand may go, as many as one statement deletes.
        " FROM generate_series(1, 102000) AS n,"
        " LATERAL (SELECT now() - make_interval(days => CASE WHEN n <= 2000 THEN 200 ELSE 1 END)) AS t (at)"
    )
    owner.execute(
        "INSERT INTO replays (event_id, replay_id, requested_at)"
        " SELECT n::text, 'replay-' || r, now() FROM generate_series(1, 102000) AS n, generate_series(1, 2) AS r"
    )
    owner.execute("ANALYZE idempotency_keys, replays")
    owner.execute("SELECT pg_stat_force_next_flush()")
    before = owner.execute(REPLAYS_READ_WHOLE).fetchone()

    assert expired_keys.KEYS_PER_STATEMENT == remove(owner).keys
    owner.execute("SELECT pg_stat_force_next_flush()")
    assert before == owner.execute(REPLAYS_READ_WHOLE).fetchone()
    assert (200_000,) == owner.execute("SELECT count(*) FROM replays").fetchone()
