"""What was accepted against what is there, counted in a real database; CloudWatch and queues are fakes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.adapters.event_store import PostgresEventStore
from functions.common.names import EventStatus, MetricName, Service
from functions.maintenance.reconcile import Balance, Reconciliation, Window
from functions.processor.ports import Failure
from tests.support.envelopes import an_envelope

SECOND = timedelta(seconds=1)


@pytest.fixture
def window():
    return Window.settled(datetime.now(UTC))


@pytest.fixture
def store(database):
    return PostgresEventStore(database)


class Sums:
    """CloudWatch, knowing what was counted when."""

    def __init__(self):
        self.counted = []

    def add(self, metric, service, at, number=1):
        self.counted.append((metric, service, at, number))

    def total(self, metric, service, *, start, end):
        assert {0} == {moment.minute + moment.second + moment.microsecond for moment in (start, end)}
        return sum(n for m, s, at, n in self.counted if (m, s) == (metric, service) and start <= at < end)


class Depth:
    def __init__(self, waiting=0):
        self.number = waiting

    def waiting(self):
        return self.number


def a_failure(envelope, status):
    return Failure(envelope=envelope, status=status, code="closed", message="Closed.")


class Hour:
    """One hour of a stack's life."""

    def __init__(self, store, window):
        self.store, self.window, self.sums, self.depth = store, window, Sums(), Depth()
        self.now = window.end + timedelta(hours=1, minutes=20)

    def accept(self, number, at):
        self.sums.add(MetricName.EVENTS_ACCEPTED, Service.INGEST, at, number)

    def balance(self, connection):
        return Reconciliation(sums=self.sums, depth=self.depth).run(connection, self.window, now=self.now)


@pytest.fixture
def hour(store, window):
    return Hour(store, window)


def test_the_hour_in_question_is_whole_and_ended_at_least_an_hour_ago():
    now = datetime(2026, 11, 23, 14, 59, 59, tzinfo=UTC)

    assert Window(start=datetime(2026, 11, 23, 12, tzinfo=UTC), end=datetime(2026, 11, 23, 13, tzinfo=UTC)) == (
        Window.settled(now)
    )


def test_in_whatever_zone_the_clock_shows_its_time_hours_are_those_of_utc():
    delhi = timezone(timedelta(hours=5, minutes=30))

    assert datetime(2026, 11, 23, 13, tzinfo=UTC) == Window.settled(datetime(2026, 11, 23, 19, 50, tzinfo=delhi)).end


def test_every_event_is_found_wherever_it_went(hour, admin):
    within = hour.window.start + SECOND
    hour.accept(10, within)
    admin.execute("INSERT INTO erased_hours VALUES (%s, 1)", [hour.window.start])
    hour.store.store([an_envelope(received_at=within) for _ in range(2)], within_seconds=20)
    hour.store.record_failure(a_failure(an_envelope(received_at=within), EventStatus.FAILED), within_seconds=20)
    hour.store.record_failure(a_failure(an_envelope(received_at=within), EventStatus.DEAD_LETTERED), within_seconds=20)
    # Sent by its client in that hour, found out later.
    hour.sums.add(MetricName.EVENTS_DUPLICATED, Service.PROCESSOR, hour.now, 3)
    hour.depth.number = 2

    balance = hour.balance(admin)

    assert Balance(accepted=10, stored=2, unfinished=2, erased=1, duplicated=3, waiting=2) == balance
    assert 0 == balance.drift


def test_events_that_are_nowhere_are_the_drift(hour, admin):
    hour.accept(5, hour.window.start + SECOND)
    hour.store.store([an_envelope(received_at=hour.window.start + SECOND)], within_seconds=20)

    assert 4 == hour.balance(admin).drift


def test_there_is_never_less_than_no_drift(hour, admin):
    hour.depth.number = 7

    assert 0 == hour.balance(admin).drift


def test_an_event_that_was_counted_after_the_hour_had_turned_is_not_missed(hour, admin):
    """Its row says 11:59:59.9, its count was written at 12:00:00.1."""
    hour.accept(1, hour.window.start)
    hour.store.store([an_envelope(received_at=hour.window.start - SECOND)], within_seconds=20)

    assert 0 == hour.balance(admin).drift


@pytest.mark.parametrize(
    "offset", [timedelta(seconds=-31), timedelta(hours=1)], ids=["long before the hour", "after the hour"]
)
def test_events_of_other_hours_count_for_nothing(hour, admin, offset):
    hour.accept(1, hour.window.start)
    hour.accept(10, hour.window.end)
    hour.accept(10, hour.window.start - SECOND)
    hour.store.store([an_envelope(received_at=hour.window.start + offset)], within_seconds=20)

    assert 1 == hour.balance(admin).drift
