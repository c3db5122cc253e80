"""Erasing on a real server: all months of one user go, nothing of anybody else's does, and each row counts once."""

from datetime import timedelta

import pytest

from functions.adapters.event_store import PostgresEventStore
from functions.adapters.stored_events import PostgresStoredEvents
from functions.common.envelope import PayloadReference
from functions.common.metrics import Metrics
from functions.common.names import EventStatus, Service
from functions.maintenance import erasure_traces
from functions.maintenance.erase import Eraser
from functions.maintenance.erasure import ErasureTables
from functions.maintenance.erasure_records import ErasureRecords
from functions.maintenance.erasure_sweep import ErasureSweep
from functions.maintenance.erasure_traces import ErasureTraces
from functions.maintenance.reconcile import COUNT_ERASED
from functions.processor.ports import Failure
from tests.support.envelopes import a_recent_envelope
from tests.support.fakes_erasure import FakeDeadLetters, FakePayloadErasure, a_parked_event
from tests.support.postgres_fixtures import session
from tests.support.stored_events import a_failed_event, a_stored_event, insert

WATCH_DAYS = 25
HOUR = timedelta(hours=1)


class Killed(BaseException):
    """What stops the work at a point, as a function's end does."""


class Stage:
    """Everything real but S3 and SQS."""

    def __init__(self, admin, *letters):
        self.admin = admin
        self.journal = []
        self.queue = FakeDeadLetters(*letters, journal=self.journal)
        self.bucket = FakePayloadErasure(self.journal)
        metrics = Metrics(service=Service.MAINTENANCE, stack="test", write=lambda _: None)
        self.eraser = Eraser(dead_letters=self.queue, payloads=self.bucket, metrics=metrics)

    def tables(self, connection):
        return ErasureTables(
            records=ErasureRecords(connection=connection, watch_days=WATCH_DAYS),
            traces=ErasureTraces(connection=connection),
        )

    def erase(self, user_id="u-1"):
        tables = self.tables(self.admin)
        begun = tables.records.begin(user_id)
        self.eraser.work(tables.traces, [begun], lambda: 60.0)
        return tables.records.find(begun.erasure_id)

    def sweep(self):
        return ErasureSweep(tables=self.tables, eraser=self.eraser).run(self.admin, lambda: 60.0)


@pytest.fixture
def now(admin):
    return admin.execute("SELECT now()").fetchone()[0]


@pytest.fixture
def months(admin, now):
    """Moments in four months, the oldest in partitions of their own."""
    for n in (2, 3):
        admin.execute(
            f"CREATE TABLE old_{n} PARTITION OF events FOR VALUES FROM ('{2000 + n}-01-01') TO ('{2000 + n}-02-01')"
        )
    return [now.replace(year=2003, month=1, day=5), now.replace(year=2002, month=1, day=9), now - 40 * HOUR, now - HOUR]


def ids(admin, table="events", where="true"):
    return {row[0] for row in admin.execute(f"SELECT event_id FROM {table} WHERE {where}")}


def key_of(admin, event_id):
    return admin.execute(
        "SELECT status, user_id, source, correlation_id, errors, payload_sha256 IS NOT NULL"
        " FROM idempotency_keys WHERE event_id = %s",
        [event_id],
    ).fetchone()


def insert_for_two(admin, months):
    for name in ("u-1", "u-2"):
        for n, moment in enumerate(months):
            key = f"payloads/2026/11/23/{name}-{n}/x.json"
            insert(
                admin,
                a_stored_event(f"{name}-{n}", user_id=name, received_at=moment),
                a_stored_event(
                    f"{name}-{n}-large",
                    user_id=name,
                    received_at=moment,
                    payload_ref=PayloadReference(bucket="bucket", key=key),
                ),
            )


def test_every_month_of_one_user_goes_and_nothing_of_another(admin, months):
    insert_for_two(admin, months)
    others = ids(admin, where="user_id = 'u-2'")
    stage = Stage(admin)

    receipt = stage.erase().receipt()

    assert ("completed", {"events": 8, "keys": 8, "payload_objects": 4, "dead_letters": 0}) == (
        receipt["status"],
        receipt["erased"],
    )
    assert 8 == len(others)
    assert others == ids(admin)
    assert {f"object payloads/2026/11/23/u-1-{n}/x.json" for n in range(4)} == set(stage.journal)


def test_the_receipt_of_somebody_unknown_has_zeros(admin):
    receipt = Stage(admin).erase("nobody").receipt()

    assert ("completed", [0, 0, 0, 0]) == (receipt["status"], list(receipt["erased"].values()))


def test_a_redelivery_of_an_erased_event_is_a_duplicate_and_it_is_not_found(admin, database, now):
    store, query = PostgresEventStore(database), PostgresStoredEvents(database)
    envelope = a_recent_envelope("e-1", user_id="u-1", source="shop")
    store.record_failure(
        Failure(envelope=envelope, status=EventStatus.FAILED, code="busy", message="of u-1"), within_seconds=5
    )
    store.store([envelope], within_seconds=5)

    assert 1 == Stage(admin).erase().events

    assert ("completed", None, None, None, [], True) == key_of(admin, "e-1")
    assert query.find("e-1") is None
    (claim,) = store.store([envelope], within_seconds=5)
    assert not claim.is_new
    assert (envelope.payload_sha256, envelope.content_sha256) == (claim.payload_sha256, claim.content_sha256)
    assert set() == ids(admin)


def test_keys_of_events_that_failed_go_with_the_payloads_of_dead_ones(admin, now):
    insert(
        admin,
        a_failed_event("dead", user_id="u-1", received_at=now - HOUR),
        a_failed_event("waits", user_id="u-1", received_at=now - HOUR, status=EventStatus.FAILED),
        a_failed_event("later", user_id="u-1", received_at=now + HOUR),
        a_failed_event("other", user_id="u-2", received_at=now - HOUR),
    )
    stage = Stage(admin)

    erasure = stage.erase()

    assert ({"later", "other"}, 2) == (ids(admin, "idempotency_keys"), erasure.keys)
    (removed,) = stage.journal
    assert removed.startswith("object payloads/")
    assert "/dead/" in removed


def test_a_key_that_outlived_its_event_is_emptied(admin, now):
    insert(admin, a_stored_event("e-1", received_at=now - HOUR))
    admin.execute("UPDATE idempotency_keys SET user_id = 'u-1', source = 'shop'")
    admin.execute("DELETE FROM events")

    assert (0, 1) == ((erasure := Stage(admin).erase()).events, erasure.keys)
    assert ("completed", None, None) == key_of(admin, "e-1")[:3]


@pytest.mark.parametrize("point", range(6))
def test_killed_at_any_point_the_next_run_finishes_and_counts_each_row_once(admin, months, monkeypatch, point):
    monkeypatch.setattr(erasure_traces, "ROWS_PER_STEP", 3)
    insert_for_two(admin, months)
    stage = Stage(admin, a_parked_event("m-1"), a_parked_event("m-2", user_id="u-2"))
    calls = 0

    def killing(function):
        def call(*arguments, **named):
            nonlocal calls
            calls += 1
            if calls == point + 1:
                raise Killed
            return function(*arguments, **named)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(stage.bucket, "remove", killing(stage.bucket.remove))
        patched.setattr(ErasureTraces, "erase_stored", killing(ErasureTraces.erase_stored))
        with pytest.raises(Killed):
            stage.erase()
    # Every row that is left, or its object, is still found.
    again = stage.erase()

    assert ("completed", 8, 8, 4, 1) == (
        again.receipt()["status"],
        again.events,
        again.keys,
        again.payload_objects,
        again.dead_letters,
    )
    assert 8 == len(ids(admin))
    assert 1 == admin.execute("SELECT count(*) FROM erasures").fetchone()[0]


def test_what_comes_late_is_swept_while_it_is_watched_and_then_the_user_is_forgotten(admin, now):
    stage = Stage(admin)
    erasure = stage.erase()
    insert(
        admin,
        a_stored_event("late", received_at=erasure.requested_at - HOUR),
        a_stored_event("new", received_at=erasure.requested_at + timedelta(microseconds=1)),
    )

    swept = stage.sweep()

    assert (1, 1) == (swept.erasures_watched, swept.erasures_settled)
    assert {"new"} == ids(admin)
    (seen,) = stage.tables(admin).records.watched(10)
    assert (1, erasure.completed_at) == (seen.events, seen.completed_at)
    assert timedelta(days=WATCH_DAYS) == erasure.watched_until - erasure.requested_at

    admin.execute("UPDATE erasures SET watched_until = now() - interval '1 second'")
    stage.sweep()

    assert [] == stage.tables(admin).records.watched(10)
    over = stage.tables(admin).records.find(erasure.erasure_id)
    assert (None, erasure.user_sha256, 1) == (over.user_id, over.user_sha256, over.events)
    assert "u-1" not in str(admin.execute("SELECT erasures::text FROM erasures").fetchall())


def test_asking_again_goes_on_with_the_same_until_it_is_done(admin):
    records = Stage(admin).tables(admin).records

    first, second, other = records.begin("u-1"), records.begin("u-1"), records.begin("u-2")

    assert first == second
    assert first.erasure_id != other.erasure_id
    assert first.erasure_id == Stage(admin).erase().erasure_id
    assert first.erasure_id != records.begin("u-1").erasure_id


def test_two_do_not_work_at_one_erasure(admin, database_url, now):
    insert(admin, a_stored_event("e-1", received_at=now - HOUR))
    stage = Stage(admin)
    begun = stage.tables(admin).records.begin("u-1")
    with session(database_url) as other:
        assert ErasureTraces(connection=other).hold(begun)

        assert "in_progress" == stage.erase().receipt()["status"]
        assert {"e-1"} == ids(admin)

    assert "completed" == stage.erase().receipt()["status"]


def test_an_object_that_an_event_of_somebody_else_needs_is_known(admin, now):
    reference = PayloadReference(bucket="bucket", key="payloads/shared")
    insert(admin, a_stored_event("e-1", user_id="u-2", received_at=now - HOUR, payload_ref=reference))
    stage = Stage(admin, a_parked_event("m-1", event_id="e-1", payload_ref=reference))

    erasure = stage.erase("u-1")

    assert (["letter m-1"], 1, {"e-1"}) == (stage.journal, erasure.dead_letters, ids(admin))


def test_reconciliation_is_told_of_what_was_erased(admin, now):
    insert(
        admin,
        a_stored_event("e-1", received_at=now - timedelta(seconds=1)),
        a_failed_event("e-2", received_at=now - timedelta(seconds=1)),
        a_stored_event("u-2", user_id="u-2", received_at=now),
    )
    stage = Stage(admin, a_parked_event("m-1", received_at=now))

    stage.erase()

    window = {"start": now - HOUR, "end": now + HOUR}
    assert 3 == admin.execute(COUNT_ERASED, window).fetchone()[0]


def test_only_the_months_that_rows_are_in_are_looked_at(admin, months):
    """By the plan: one scan of the index on user and time for each month, and no month sorted."""
    plan = "\n".join(
        row[0]
        for row in admin.execute(
            "EXPLAIN (COSTS OFF) " + erasure_traces.FIRST_STORED,
            {"user_id": "u-1", "before": months[0], "rows": 5},
        )
    )

    assert "Sort" not in plan
    assert "old_2_user_id" in plan


def test_nobody_but_maintenance_sees_whose_events_were_erased(deployed):
    with deployed.owner() as owner:
        seen = owner.execute(
            "SELECT role, name FROM unnest(ARRAY['fluxa_processor', 'fluxa_query']) AS role,"
            " unnest(ARRAY['erasures', 'erased_hours']) AS name"
            " WHERE has_table_privilege(role, name, 'SELECT, INSERT, UPDATE, DELETE')"
        ).fetchall()

    assert [] == seen
