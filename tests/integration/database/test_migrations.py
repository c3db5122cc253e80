"""The maintenance function's work on a real server: the shipped migrations, twice, at once, and by name."""

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from functions.maintenance.migrate import ADVISORY_LOCK, migrate
from functions.maintenance.partitions import premake
from tests.support.postgres_fixtures import new_database, session

ALL_REVISIONS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007"]


@pytest.fixture
def empty_url(postgres_server):
    with new_database(postgres_server) as url:
        yield url


def test_an_empty_database_gets_every_revision_in_order(empty_url):
    with session(empty_url) as connection:
        assert ALL_REVISIONS == migrate(connection)


def test_migrating_again_changes_nothing(empty_url):
    with session(empty_url) as connection:
        migrate(connection)

        assert [] == migrate(connection)


def test_deployments_at_the_same_moment_run_each_migration_once(empty_url):
    def deploy(_number):
        with session(empty_url) as connection:
            return migrate(connection), premake(connection).created

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(deploy, range(4)))

    assert ALL_REVISIONS == sorted(revision for revisions, _ in outcomes for revision in revisions)
    assert 5 == sum(len(created) for _, created in outcomes)


def test_a_migrated_connection_is_left_as_it_was_found(empty_url):
    with session(empty_url) as connection:
        migrate(connection)

        assert connection.autocommit
        assert psycopg.pq.TransactionStatus.IDLE == connection.info.transaction_status
        assert 0 == connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()[0]


def test_a_second_migration_waits_only_so_long(empty_url):
    with session(empty_url) as busy, session(empty_url) as connection:
        busy.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])

        with pytest.raises(errors.LockNotAvailable, match="lock timeout"):
            migrate(connection, wait="100ms")


def test_partitions_reach_from_last_month_to_three_months_ahead_and_touch(admin):
    bounds = [
        re.findall(r"'([^']+)'", expression)
        for (expression,) in admin.execute(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition AND relkind = 'r'"
            " ORDER BY relname"
        )
    ]
    first, last = admin.execute(
        "SELECT (date_trunc('month', now(), 'UTC') - interval '1 month')::text,"
        " (date_trunc('month', now(), 'UTC') + interval '4 months')::text"
    ).fetchone()

    assert 5 == len(bounds)
    assert (first, last) == (bounds[0][0], bounds[-1][1])
    assert [upper for _, upper in bounds[:-1]] == [lower for lower, _ in bounds[1:]]


def test_premaking_again_makes_nothing_and_still_counts_what_lies_ahead(admin):
    partitions = premake(admin)

    assert ([], 3) == (partitions.created, partitions.ahead)


def test_a_missing_partition_is_made_while_events_are_being_inserted(admin, database_url):
    admin.execute(f"DROP TABLE {_last_partition(admin)}")
    with session(database_url) as busy, busy.transaction():
        busy.execute(
            "INSERT INTO events (event_id, received_at, type, correlation_id, payload, payload_bytes, payload_sha256)"
            " VALUES ('e', now(), 't', 'c', '1', 1, '\\x00')"
        )

        assert 1 == len(premake(admin).created)


def test_partitions_carry_every_index_of_their_parent(admin):
    count = "SELECT count(*) FROM pg_index WHERE indrelid = %s::regclass"
    parent, partition = (admin.execute(count, [table]).fetchone()[0] for table in ("events", _last_partition(admin)))

    assert parent == partition == 6


def test_a_failed_event_is_found_through_the_index_of_the_unfinished(admin):
    admin.execute("SET enable_seqscan = off")
    plan = admin.execute(
        "EXPLAIN SELECT event_id FROM idempotency_keys WHERE status = %s ORDER BY received_at DESC, event_id DESC",
        ["failed"],
    ).fetchall()

    assert "idempotency_keys_unfinished" in str(plan)


def _last_partition(connection):
    return connection.execute("SELECT max(relname) FROM pg_class WHERE relispartition AND relkind = 'r'").fetchone()[0]
