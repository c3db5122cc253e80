"""What only the adapter on PostgreSQL can show: plans, partitions, retention, and that it never writes."""

from datetime import timedelta

import psycopg
import pytest

from functions.adapters.reachability import PostgresReachable
from functions.adapters.stored_events import FIND_EVENT, page_query, reading
from functions.common.errors import DatabaseBusy, DatabaseUnavailable
from functions.common.names import EventStatus
from functions.query.ports import EventFilters, Order, PageKey
from tests.support.plans import explain, nodes, rows_read, scanned_partitions, scans
from tests.support.stored_events import NOON, a_failed_event, a_stored_event, insert


def test_looking_up_an_id_reads_one_partition(writer):
    events = [
        a_stored_event(f"e-{month}-{n}", received_at=NOON + timedelta(days=30 * month, seconds=n))
        for month in (-1, 0, 1)
        for n in range(100)
    ]
    insert(writer, *events)

    plan = explain(writer, FIND_EVENT, {"event_id": "e-1-7"})

    assert {"events_2026_12"} == scanned_partitions(plan)


def test_looking_up_a_failed_event_or_an_unknown_id_reads_at_most_one_partition(writer):
    insert(writer, a_failed_event("f-1"), a_stored_event("e-1"))

    assert {"events_2026_11"} == scanned_partitions(explain(writer, FIND_EVENT, {"event_id": "f-1"}))
    assert set() == scanned_partitions(explain(writer, FIND_EVENT, {"event_id": "x"}))


def test_an_event_whose_key_retention_removed_is_still_found_and_listed(stored, writer):
    event = a_stored_event("e-1")
    insert(writer, event, with_keys=False)

    found = stored.find("e-1")

    assert event.payload == found.payload
    assert ("completed", 1, ()) == (found.summary.status, found.summary.attempts, found.summary.errors)
    assert event.summary.processed_at == found.summary.completed_at
    assert [found.summary] == stored.page(EventFilters(), after=None, rows=10)


def test_an_event_that_retention_dropped_is_gone_although_its_key_is_not(stored, writer):
    insert(writer, a_stored_event("e-1"))
    writer.execute("DELETE FROM events")

    assert stored.find("e-1") is None


DEEP = {
    Order.NEWEST: (NOON - timedelta(hours=600), "events_2026_10"),
    Order.OLDEST: (NOON + timedelta(hours=600), "events_2026_12"),
}
"""Far behind the first page of each order, the partition that such a page lies in."""


def plan_without_sorting(writer, filters, *, after, order):
    """Return the plan of a page of fifty, and one more.

    So few rows are sorted more cheaply than they are found; among millions the planner needs no telling.
    """
    writer.execute("SET enable_sort = off")
    writer.execute("SET enable_incremental_sort = off")
    writer.execute("SET enable_bitmapscan = off")
    return explain(writer, *page_query(filters, after=after, rows=51, order=order))


@pytest.mark.parametrize("order", Order)
def test_a_page_reads_no_more_rows_than_it_holds_however_deep_it_lies(writer, order):
    events = [
        a_stored_event(f"e-{number:04}", received_at=NOON + timedelta(hours=number)) for number in range(-700, 700)
    ]
    insert(writer, *events)
    moment, partition = DEEP[order]
    after = PageKey(received_at=moment, event_id="e")

    first = plan_without_sorting(writer, EventFilters(), after=None, order=order)
    deep = plan_without_sorting(writer, EventFilters(), after=after, order=order)

    assert {partition} == scanned_partitions(deep)
    assert [51, 51] == [rows_read(plan) for plan in (first, deep)]


MANY_EVENTS = """
INSERT INTO events (event_id, received_at, type, source, user_id, correlation_id, payload, payload_bytes,
                    payload_sha256)
SELECT 'e-' || n, %(start)s + n * interval '3 minutes',
       't-' || n %% 20, 's-' || n %% 20, 'u-' || n %% 20, 'c-' || n %% 20, 'null', 4, decode(repeat('00', 32), 'hex')
  FROM generate_series(1, 30000) AS n
"""
LISTS = {
    "received_at_event_id": {},
    "type_received_at_event_id": {"type": "t-0"},
    "source_received_at_event_id": {"source": "s-0"},
    "user_id_received_at_event_id": {"user_id": "u-0"},
    "correlation_id_received_at_event_id": {"correlation_id": "c-0"},
}
"""The index that each list is read from; its name begins with that of the partition."""


@pytest.mark.parametrize("order", Order)
def test_each_list_is_read_from_its_index_in_either_order(writer, order):
    """Nineteen of twenty events are another's; none of those is read on the way."""
    writer.execute(MANY_EVENTS, {"start": NOON - timedelta(days=31)})
    writer.execute("ANALYZE events")
    after = PageKey(received_at=NOON, event_id="e")

    plans = {
        f"events_2026_11_{index}_idx": plan_without_sorting(writer, EventFilters(**filters), after=after, order=order)
        for index, filters in LISTS.items()
    }

    for index, plan in plans.items():
        assert [(index, 0, 51)] == [
            (scan.get("Index Name"), scan.get("Rows Removed by Filter", 0), scan["Actual Rows"]) for scan in scans(plan)
        ]
        assert [] == [node for node in nodes(plan) if "Sort" in node["Node Type"]]


@pytest.mark.parametrize("order", Order)
def test_failed_events_are_listed_from_their_index_in_either_order(writer, order):
    insert(writer, *(a_failed_event(f"f-{n:03}", received_at=NOON + timedelta(hours=n)) for n in range(-200, 200)))
    insert(writer, *(a_stored_event(f"e-{n:03}", received_at=NOON + timedelta(hours=n)) for n in range(-200, 200)))
    writer.execute("ANALYZE idempotency_keys")
    after = PageKey(received_at=NOON, event_id="f")

    plan = plan_without_sorting(writer, EventFilters(status=EventStatus.DEAD_LETTERED), after=after, order=order)

    [scan] = [node for node in nodes(plan) if node.get("Relation Name") == "idempotency_keys"]
    assert ("idempotency_keys_unfinished", 51) == (scan["Index Name"], scan["Actual Rows"])
    assert [] == [node for node in nodes(plan) if "Sort" in node["Node Type"]]


@pytest.mark.parametrize(("order", "ids"), [(Order.NEWEST, "edc"), (Order.OLDEST, "abc")])
@pytest.mark.parametrize("make", [a_stored_event, a_failed_event])
def test_events_of_one_moment_are_ordered_by_id_whatever_the_plan(writer, stored, make, order, ids):
    """An index would give the order even if the statement forgot to ask for it."""
    for setting in ("enable_indexscan", "enable_bitmapscan"):
        writer.execute(
            psycopg.sql.SQL("ALTER DATABASE {} SET {} = off").format(
                psycopg.sql.Identifier(writer.info.dbname), psycopg.sql.Identifier(setting)
            )
        )
    insert(writer, *(make(event_id) for event_id in "bdaec"))

    page = stored.page(EventFilters(status=make().summary.status), after=None, rows=3, order=order)

    assert list(ids) == [event.event_id for event in page]


def test_reading_cannot_write(database):
    with pytest.raises(DatabaseUnavailable, match="ReadOnlySqlTransaction"), reading(database) as cursor:
        cursor.execute("DELETE FROM events")


def test_reading_leaves_nothing_of_itself_on_the_connection(database):
    """Behind a proxy the session belongs to the next client."""
    with reading(database) as cursor:
        inside = cursor.execute("SELECT current_setting('statement_timeout') AS t").fetchone()["t"]

    with database.connection() as connection:
        [outside] = connection.execute("SELECT current_setting('statement_timeout')").fetchone()
        [read_only] = connection.execute("SELECT current_setting('transaction_read_only')").fetchone()
    assert "15s" == inside
    assert "15s" != outside
    assert "off" == read_only


def test_a_statement_that_the_server_cut_off_may_be_tried_again(database):
    with pytest.raises(DatabaseBusy, match="QueryCanceled"), reading(database) as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(10)")


def test_the_database_is_reachable(database):
    assert PostgresReachable(database).check() is None


def test_a_database_that_takes_no_connection_is_not_reachable(database_url, database):
    address = psycopg.conninfo.conninfo_to_dict(database_url)
    with psycopg.connect(database_url, dbname="postgres", autocommit=True) as admin:
        admin.execute(
            psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(
                psycopg.sql.Identifier(address["dbname"])
            )
        )
        try:
            with pytest.raises(DatabaseUnavailable, match="PostgreSQL"):
                PostgresReachable(database).check()
        finally:
            admin.execute(
                psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(
                    psycopg.sql.Identifier(address["dbname"])
                )
            )
