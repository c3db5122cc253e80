"""What only the adapter on PostgreSQL can show: plans, partitions, retention, and that it never writes."""

from datetime import timedelta

import psycopg
import pytest

from functions.adapters.reachability import PostgresReachable
from functions.adapters.stored_events import FIND_EVENT, page_query, reading
from functions.common.errors import DatabaseBusy, DatabaseUnavailable
from functions.query.ports import EventFilters, PageKey
from tests.support.stored_events import NOON, a_failed_event, a_stored_event, insert


def scanned_partitions(plan):
    """Return the partitions of `events` that an analysed plan really read."""
    node = plan
    here = {node["Relation Name"]} if node.get("Relation Name", "").startswith("events_") else set()
    found = here if node["Actual Loops"] else set()
    return found.union(*(scanned_partitions(child) for child in node.get("Plans", [])))


def rows_read(plan):
    """Yield how many rows each scan of a partition produced."""
    if plan.get("Relation Name", "").startswith("events_"):
        yield plan["Actual Rows"] * plan["Actual Loops"]
    for child in plan.get("Plans", []):
        yield from rows_read(child)


def explain(writer, query, values):
    query = psycopg.sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) ") + query
    [[plan]] = writer.execute(query, values).fetchone()
    return plan["Plan"]


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


def test_a_page_reads_no_more_rows_than_it_holds_however_deep_it_lies(writer):
    events = [
        a_stored_event(f"e-{number:04}", received_at=NOON + timedelta(hours=number)) for number in range(-700, 700)
    ]
    insert(writer, *events)
    # So few rows are sorted more cheaply than they are found; among millions the planner needs no telling.
    writer.execute("SET enable_sort = off")
    writer.execute("SET enable_bitmapscan = off")
    after = PageKey(received_at=NOON - timedelta(hours=600), event_id="e")

    plan = explain(writer, *page_query(EventFilters(), after=after, rows=51))

    assert {"events_2026_10"} == scanned_partitions(plan)
    assert 51 == sum(rows_read(plan))


@pytest.mark.parametrize("make", [a_stored_event, a_failed_event])
def test_events_of_one_moment_are_ordered_by_id_whatever_the_plan(writer, stored, make):
    """An index would give the order even if the statement forgot to ask for it."""
    for setting in ("enable_indexscan", "enable_bitmapscan"):
        writer.execute(
            psycopg.sql.SQL("ALTER DATABASE {} SET {} = off").format(
                psycopg.sql.Identifier(writer.info.dbname), psycopg.sql.Identifier(setting)
            )
        )
    insert(writer, *(make(event_id) for event_id in "bdaec"))

    page = stored.page(EventFilters(status=make().summary.status), after=None, rows=3)

    assert ["e", "d", "c"] == [event.event_id for event in page]


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
