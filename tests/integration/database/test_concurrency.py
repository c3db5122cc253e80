"""Several sessions claim the same events at the same time, and some are cut off in the middle."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.adapters.event_store import PostgresEventStore
from functions.common.errors import DatabaseBusy, DatabaseUnavailable
from tests.support.envelopes import a_recent_envelope
from tests.support.postgres_fixtures import Lent, opened_database, session

LIMIT = 20.0


@pytest.fixture
def store(database):
    return PostgresEventStore(database)


def news(claims):
    return [claim.is_new for claim in claims]


def test_concurrent_duplicates_are_stored_once(database_url, admin):
    events = [a_recent_envelope(f"e-{number:03}") for number in range(50)]
    start = threading.Barrier(4, timeout=20)

    def deliver(_number):
        with opened_database(database_url) as database:
            start.wait()
            return sum(news(PostgresEventStore(database).store(events, within_seconds=LIMIT)))

    with ThreadPoolExecutor(4) as threads:
        claimed = list(threads.map(deliver, range(4)))

    assert 50 == sum(claimed)
    assert (50, 50) == admin.execute(
        "SELECT (SELECT count(*) FROM events), (SELECT count(DISTINCT event_id) FROM events)"
    ).fetchone()


def test_batches_that_share_ids_in_opposite_order_do_not_deadlock(database_url, admin):
    # Far more than ten events: the longer a statement takes, the surer the two are to meet half-way.
    rounds, ids = 6, [f"e-{number:03}" for number in range(500)]
    start = threading.Barrier(2, timeout=20)

    def deliver(order):
        with opened_database(database_url) as database:
            store = PostgresEventStore(database)
            claimed = 0
            for turn in range(rounds):
                start.wait()
                batch = [a_recent_envelope(f"{turn}-{event_id}") for event_id in ids[::order]]
                claimed += sum(news(store.store(batch, within_seconds=LIMIT)))
            return claimed

    with ThreadPoolExecutor(2) as threads:
        claimed = list(threads.map(deliver, [1, -1]))

    assert rounds * len(ids) == sum(claimed)


def test_a_duplicate_of_an_event_in_flight_waits_for_its_fate(database_url, store, admin):
    event = a_recent_envelope("e-1")
    with session(database_url) as first, ThreadPoolExecutor(1) as threads:
        with first.transaction():
            PostgresEventStore(Lent(first)).store([event], within_seconds=LIMIT)
            second = threads.submit(store.store, [event], within_seconds=LIMIT)
            waits = _somebody_waits_for_a_lock(admin)

            assert waits
            assert not second.done()

        assert [False] == news(second.result())


def test_a_duplicate_waits_two_seconds_and_is_then_a_retry(database_url, processors_url):
    with session(database_url) as first, opened_database(processors_url) as database, first.transaction():
        PostgresEventStore(Lent(first)).store([a_recent_envelope("e-1")], within_seconds=LIMIT)

        with pytest.raises(DatabaseBusy, match="55P03"):
            PostgresEventStore(database).store([a_recent_envelope("e-1")], within_seconds=LIMIT)


def test_after_the_server_cuts_the_connection_the_next_batch_works(store, admin):
    store.store([a_recent_envelope()], within_seconds=LIMIT)
    _kill_others(admin)

    assert [True] == news(store.store([a_recent_envelope()], within_seconds=LIMIT))


def test_a_connection_cut_in_the_middle_of_an_effect_stores_nothing_and_is_replaced(store, admin):
    def suffer(connection):
        _kill_others(admin)
        connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailable, match="57P01"):
        store.store_with(a_recent_envelope("e-1"), suffer, within_seconds=LIMIT)

    assert [True] == news(store.store([a_recent_envelope("e-1")], within_seconds=LIMIT))


def _kill_others(admin):
    admin.execute(
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def _somebody_waits_for_a_lock(admin):
    for _ in range(100):
        (waiting,) = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
        if waiting:
            return True
        time.sleep(0.01)
    return False
