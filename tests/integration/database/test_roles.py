"""The functions' roles on a server like RDS's: each can do its work, and nothing else."""

import pytest
from psycopg import errors

from functions.adapters.event_store import PostgresEventStore
from functions.adapters.stored_events import PostgresStoredEvents
from functions.common.errors import InvalidEvent
from functions.common.names import DatabaseRole, EventStatus
from functions.maintenance.logins import APPLICATION_ROLES
from functions.maintenance.migrate import migrate
from functions.maintenance.partitions import partition_name, premake
from functions.processor.ports import Arrival, Failure
from functions.query.ports import EventFilters
from tests.support.envelopes import a_recent_envelope, a_replay
from tests.support.owned_database import PASSWORDS, owned_database
from tests.support.postgres_fixtures import opened_database, session

LIMIT = 20.0
STORED = EventFilters(status=EventStatus.COMPLETED)
FAILED = EventFilters(status=EventStatus.FAILED)


def role_url(database, role):
    return database.url(role, PASSWORDS[role])


@pytest.fixture
def processor(deployed):
    with session(role_url(deployed, DatabaseRole.PROCESSOR)) as connection:
        yield connection


@pytest.fixture
def query(deployed):
    with session(role_url(deployed, DatabaseRole.QUERY)) as connection:
        yield connection


@pytest.fixture
def store(deployed):
    with opened_database(role_url(deployed, DatabaseRole.PROCESSOR)) as database:
        yield PostgresEventStore(database)


@pytest.fixture
def stored(deployed):
    with opened_database(role_url(deployed, DatabaseRole.QUERY)) as database:
        yield PostgresStoredEvents(database)


def a_partition(database):
    with database.owner() as owner:
        return owner.execute("SELECT max(relname) FROM pg_class WHERE relispartition AND relkind = 'r'").fetchone()[0]


def test_the_owner_makes_the_roles_without_being_a_superuser(deployed):
    with deployed.superuser() as superuser:
        found = superuser.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
            " FROM pg_roles WHERE rolname LIKE 'fluxa\\_%%' ORDER BY rolname"
        ).fetchall()

    assert [
        (DatabaseRole.ADMIN, True, True),
        (DatabaseRole.PROCESSOR, True, False),
        (DatabaseRole.QUERY, True, False),
    ] == found


def test_roles_that_a_former_database_left_behind_are_taken_over(deployed, rds_like_server):
    with owned_database(rds_like_server) as second:
        second.prepare()

        with session(role_url(second, DatabaseRole.QUERY)) as connection:
            assert (0,) == connection.execute("SELECT count(*) FROM events").fetchone()


def test_a_deployment_that_follows_another_changes_nothing(deployed):
    with deployed.owner() as owner:
        assert [] == migrate(owner)


@pytest.mark.parametrize("role", APPLICATION_ROLES)
def test_a_role_has_the_time_outs_that_a_proxy_would_not_pass_on(deployed, role):
    with session(role_url(deployed, role)) as connection:
        found = [
            connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        ]

    assert ["2s", "30s", "1min"] == found


def test_the_owner_has_no_time_outs_left_that_were_made_for_events(deployed):
    with deployed.owner() as owner:
        assert [("0",), ("0",)] == [
            owner.execute(f"SHOW {n}").fetchone() for n in ("lock_timeout", "statement_timeout")
        ]


def test_the_processor_stores_events_and_records_failures(store, stored):
    event, failing = a_recent_envelope("e-1"), a_recent_envelope("e-2")

    (claim,) = store.store([event], within_seconds=LIMIT)
    (again,) = store.store([event], within_seconds=LIMIT)
    for _ in range(2):
        store.record_failure(
            Failure(envelope=failing, status=EventStatus.FAILED, code="closed", message="Later."), within_seconds=LIMIT
        )

    assert (True, False) == (claim.is_new, again.is_new)
    assert ["e-1"] == [summary.event_id for summary in stored.page(STORED, after=None, rows=10)]
    assert [("e-2", 2)] == [(one.event_id, one.attempts) for one in stored.page(FAILED, after=None, rows=10)]
    assert "e-1" == stored.find("e-1").summary.event_id
    assert stored.find("e-3") is None


def test_the_processor_replays_events_and_notes_redrives(store, deployed):
    event, effects = a_recent_envelope("e-1"), []
    redriven = Arrival(queued_at=event.received_at, replay_id="redrive-1")
    store.store_with(event, effects.append, arrival=redriven, within_seconds=LIMIT)

    news = [
        store.replay(a_replay(event), effects.append, requested_at=event.received_at, within_seconds=LIMIT)
        for _ in range(2)
    ]

    assert ([True, False], 2) == (news, len(effects))
    with deployed.owner() as owner:
        assert [("rebuild-1",), ("redrive-1",)] == owner.execute(
            "SELECT replay_id FROM replays ORDER BY replay_id"
        ).fetchall()


@pytest.mark.parametrize("change", ["UPDATE replays SET replay_id = 'x'", "DELETE FROM replays"])
def test_the_processor_cannot_make_a_replay_unhappen(processor, change):
    with pytest.raises(errors.InsufficientPrivilege, match="replays"):
        processor.execute(change)


def test_a_handler_writes_to_tables_that_the_owner_makes_later(store, deployed):
    with deployed.owner() as owner:
        owner.execute("CREATE TABLE stock (id int GENERATED ALWAYS AS IDENTITY, number serial, item text)")

    def reserve(connection):
        connection.execute("INSERT INTO stock (item) VALUES ('book'), ('pen')")
        connection.execute("UPDATE stock SET item = upper(item)")
        connection.execute("DELETE FROM stock WHERE item = 'PEN'")

    assert store.store_with(a_recent_envelope("e-1"), reserve, within_seconds=LIMIT).is_new
    with deployed.owner() as owner:
        assert [(1, 1, "BOOK")] == owner.execute("SELECT * FROM stock").fetchall()


def test_events_reach_partitions_that_are_made_later(store, stored, deployed):
    with deployed.owner() as owner:
        this_month = owner.execute("SELECT now()").fetchone()[0]
        owner.execute(f"DROP TABLE {partition_name(this_month)}")
        assert [partition_name(this_month)] == premake(owner).created

    store.store([a_recent_envelope("e-1", received_at=this_month)], within_seconds=LIMIT)

    assert "e-1" == stored.find("e-1").summary.event_id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET type = 'other'",
        "DELETE FROM events",
        "TRUNCATE events",
        "DELETE FROM idempotency_keys",
        "SELECT FROM {partition}",
        "INSERT INTO {partition} DEFAULT VALUES",
        "DELETE FROM {partition}",
        "DROP TABLE events",
        "ALTER TABLE events DETACH PARTITION {partition}",
        "CREATE TABLE public.mine ()",
        "SELECT FROM alembic_version",
        "CREATE ROLE another",
        "GRANT fluxa_admin TO fluxa_processor",
    ],
)
def test_the_processor_may_not(processor, deployed, statement):
    with pytest.raises(errors.InsufficientPrivilege, match=r"permission denied|must be owner|must have admin option"):
        processor.execute(statement.format(partition=a_partition(deployed)))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO idempotency_keys SELECT * FROM idempotency_keys",
        "UPDATE idempotency_keys SET status = 'failed'",
        "UPDATE events SET type = 'other'",
        "DELETE FROM events",
        "SELECT FROM stock",
        "SELECT FROM {partition}",
        "SELECT FROM alembic_version",
        "CREATE TABLE public.mine ()",
    ],
)
def test_query_may_not_even_when_it_says_that_it_writes(query, deployed, statement):
    with deployed.owner() as owner:
        owner.execute("CREATE TABLE stock (item text)")
    query.execute("SET default_transaction_read_only = off")

    with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
        query.execute(statement.format(partition=a_partition(deployed)))


def test_query_reads_only_unless_it_says_otherwise(query):
    with pytest.raises(errors.ReadOnlySqlTransaction, match="read-only"):
        query.execute("DELETE FROM events")


def test_data_that_postgresql_refuses_is_still_told_from_a_missing_right(store):
    with pytest.raises(InvalidEvent, match="refused"):
        store.store([a_recent_envelope("e-1", payload="{not json")], within_seconds=LIMIT)
