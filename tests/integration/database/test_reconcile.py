"""What was accepted against what is there, counted in a real database; CloudWatch, queues and bucket are fakes."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.adapters.event_store import PostgresEventStore
from functions.common.envelope import PayloadReference, payload_key
from functions.common.names import EventStatus, MetricName, Service
from functions.maintenance.orphans import EXAMPLES, RESERVE_SECONDS, find_orphans
from functions.maintenance.ports import PayloadObject
from functions.maintenance.reconcile import Balance, Reconciliation, Window
from functions.processor.ports import Failure
from tests.support.envelopes import BUCKET, an_envelope

SHA256 = "ab" * 32
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


class Listing:
    """A bucket whose objects are found by the date in their key."""

    def __init__(self):
        self.objects = []
        self.asked = Counter()

    def put(self, event_id, *, received_at, stored_at=None, sha256=SHA256):
        key = payload_key(event_id=event_id, payload_sha256=sha256, received_at=received_at)
        self.objects.append((received_at.date(), PayloadObject(key=key, stored_at=stored_at or received_at)))
        return key

    def of_day(self, day):
        self.asked[day] += 1
        yield [found for at, found in self.objects if at == day]


@pytest.fixture
def listing():
    return Listing()


@pytest.fixture
def yesterday(window):
    """Within the hour whose objects are looked at."""
    return window.start - timedelta(days=1) + timedelta(minutes=30)


def refer(store, event_id, key, received_at):
    inline = an_envelope(event_id, received_at=received_at)
    store.store(
        [replace(inline, payload=None, payload_ref=PayloadReference(bucket=BUCKET, key=key))], within_seconds=20
    )


def test_an_object_that_no_event_refers_to_is_an_orphan(store, admin, window, listing, yesterday):
    refer(store, "kept", listing.put("kept", received_at=yesterday), yesterday)
    orphan = listing.put("orphan", received_at=yesterday)

    found = find_orphans(admin, listing, window, lambda: 300)

    assert (2, 1, [orphan], True) == (found.examined, found.orphaned, found.examples, found.is_complete)


def test_an_object_of_other_content_under_the_same_id_is_an_orphan(store, admin, window, listing, yesterday):
    refer(store, "e-1", listing.put("e-1", received_at=yesterday), yesterday)
    orphan = listing.put("e-1", received_at=yesterday, sha256="cd" * 32)

    assert [orphan] == find_orphans(admin, listing, window, lambda: 300).examples


@pytest.mark.parametrize("status", [EventStatus.FAILED, EventStatus.DEAD_LETTERED])
def test_the_object_of_a_failed_event_may_still_be_needed(store, admin, window, listing, yesterday, status):
    listing.put("failed", received_at=yesterday)
    store.record_failure(a_failure(an_envelope("failed", received_at=yesterday), status), within_seconds=20)

    assert 0 == find_orphans(admin, listing, window, lambda: 300).orphaned


def test_what_somebody_else_put_there_is_an_orphan_too(admin, window, listing, yesterday):
    key = f"payloads/{yesterday:%Y/%m/%d}/notes.txt"
    listing.objects.append((yesterday.date(), PayloadObject(key=key, stored_at=yesterday)))

    assert [key] == find_orphans(admin, listing, window, lambda: 300).examples


def test_each_object_is_looked_at_in_one_run_only(admin, listing):
    """Twenty-four runs of a day, one for each hour; together they see everything once."""
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for minutes in range(0, 24 * 60, 10):
        listing.put(f"e-{minutes}", received_at=noon + timedelta(minutes=minutes))
    hours = [noon + timedelta(days=1, hours=number) for number in range(24)]

    found = [
        find_orphans(admin, listing, Window(start=hour, end=hour + timedelta(hours=1)), lambda: 300) for hour in hours
    ]

    assert [6] * 24 == [one.orphaned for one in found]


def test_only_the_dates_in_question_are_listed(admin, listing):
    """And an object that was stored just after midnight is found under the date on which its event was received."""
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    orphan = listing.put("late", received_at=midnight - SECOND, stored_at=midnight + SECOND)
    first = Window(start=midnight + timedelta(days=1), end=midnight + timedelta(days=1, hours=1))
    last = Window(start=midnight + timedelta(days=1, hours=23), end=midnight + timedelta(days=2))

    assert [orphan] == find_orphans(admin, listing, first, lambda: 300).examples
    assert {(midnight - SECOND).date(): 1, midnight.date(): 1} == listing.asked
    listing.asked.clear()
    find_orphans(admin, listing, last, lambda: 300)
    assert {midnight.date(): 1} == listing.asked


def test_when_time_runs_short_it_says_so(admin, window, listing, yesterday):
    listing.put("orphan", received_at=yesterday)

    found = find_orphans(admin, listing, window, lambda: RESERVE_SECONDS - 1)

    assert (0, False) == (found.examined, found.is_complete)


def test_only_some_keys_are_named(admin, window, listing, yesterday):
    for number in range(EXAMPLES + 5):
        listing.put(f"e-{number}", received_at=yesterday)

    found = find_orphans(admin, listing, window, lambda: 300)

    assert (EXAMPLES + 5, EXAMPLES) == (found.orphaned, len(found.examples))
