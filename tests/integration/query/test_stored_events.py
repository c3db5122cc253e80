"""What every `StoredEvents` promises: the fake that unit tests use, and the adapter on PostgreSQL."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from functions.common.names import EventStatus
from functions.query.ports import EventFilters, Order, PageKey
from tests.support.fakes_query import InMemoryStoredEvents
from tests.support.stored_events import (
    NOON,
    a_failed_event,
    a_payload_reference,
    a_stored_event,
    an_error,
    insert,
)


@pytest.fixture(params=["memory", "postgres"])
def holding(request):
    """Return a function that gives a store holding the events it is called with."""
    if request.param == "memory":
        return lambda *events: InMemoryStoredEvents(events)
    stored = request.getfixturevalue("stored")
    writer = request.getfixturevalue("writer")

    def put(*events):
        insert(writer, *events)
        return stored

    return put


def ids(events):
    return [event.event_id for event in events]


def test_an_event_is_found_as_it_was_stored(holding):
    event = a_stored_event("e-1", errors=(an_error(),), attempts=2)
    store = holding(event, a_stored_event("e-2"))

    assert event == store.find("e-1")


def test_the_payload_keeps_its_spelling(holding):
    payload = ' {"n": 1.50, "n": 2e0,\n"big": 123456789012345678901234567890, "é": "\\u00e9"} '

    assert payload == holding(a_stored_event(payload=payload)).find("e-1").payload


@pytest.mark.parametrize("payload", ["null", "1.0", '"text"', "[]", "true"])
def test_a_payload_may_be_any_json_value(holding, payload):
    assert payload == holding(a_stored_event(payload=payload)).find("e-1").payload


def test_an_event_with_nothing_optional_is_found(holding):
    event = a_stored_event(attributes=None, source=None, user_id=None, schema_version=None, occurred_at=None)

    assert event == holding(event).find("e-1")


def test_a_large_payload_is_found_as_a_reference(holding):
    event = a_stored_event(payload_ref=a_payload_reference(), payload_bytes=5_000_000)

    assert event == holding(event).find("e-1")


def test_a_page_says_where_a_large_payload_lies_and_of_others_nothing(holding):
    store = holding(a_stored_event("e-1"), a_stored_event("e-2", payload_ref=a_payload_reference()))

    page = store.page(EventFilters(), after=None, rows=10)

    assert [("e-2", a_payload_reference().key), ("e-1", None)] == [(item.event_id, item.payload_key) for item in page]


@pytest.mark.parametrize("status", [EventStatus.FAILED, EventStatus.DEAD_LETTERED])
def test_a_failed_event_is_found_as_a_record(holding, status):
    event = a_failed_event(status=status)

    assert event == holding(event).find("e-1")


def test_a_failure_that_could_not_read_the_event_is_found_as_well(holding):
    event = a_failed_event(type=None, source=None, user_id=None, correlation_id=None)

    assert event == holding(event).find("e-1")


def test_an_unknown_event_is_not_found(holding):
    assert holding(a_stored_event("e-1")).find("e-2") is None


@pytest.mark.parametrize("text", ["' OR true --", "%", "%s", "%(rows)s", "{}", "\\", ";"])
def test_what_is_asked_for_is_never_part_of_the_statement(holding, text):
    store = holding(a_stored_event("e-1", type=text), a_stored_event("e-2"))

    assert store.find(text) is None
    assert ["e-1"] == ids(store.page(EventFilters(type=text), after=None, rows=10))


def many_events():
    """Every combination of two users, types, sources and correlation ids, three minutes apart, and some failed."""
    combinations = list(itertools.product(("u-1", "u-2"), ("a", "b"), ("shop", None), ("c-1", "c-2")))
    for number, (user_id, kind, source, correlation_id) in enumerate(combinations):
        shared = {
            "user_id": user_id,
            "type": kind,
            "source": source,
            "correlation_id": correlation_id,
            "received_at": NOON + timedelta(minutes=3 * number),
        }
        yield a_stored_event(f"e-{number:02}", **shared)
        yield a_failed_event(f"f-{number:02}", **shared)


FILTERS = {
    "status": [EventStatus.COMPLETED, EventStatus.DEAD_LETTERED, EventStatus.FAILED],
    "user_id": [None, "u-1", "nobody"],
    "type": [None, "b"],
    "source": [None, "shop"],
    "correlation_id": [None, "c-2"],
    "received_from": [None, NOON + timedelta(minutes=9)],
    "received_before": [None, NOON + timedelta(minutes=27)],
}


def test_every_combination_of_filters_selects_exactly_the_events_that_match(holding):
    events = list(many_events())
    store = holding(*events)
    model = InMemoryStoredEvents(events)
    combinations = [
        EventFilters(**dict(zip(FILTERS, values, strict=True))) for values in itertools.product(*FILTERS.values())
    ]

    wrong = [
        filters
        for filters in combinations
        if store.page(filters, after=None, rows=100) != model.page(filters, after=None, rows=100)
    ]

    assert 288 == len(combinations)
    assert [] == wrong


@pytest.mark.parametrize("name", ["user_id", "type", "source", "correlation_id"])
@pytest.mark.parametrize("make", [a_stored_event, a_failed_event])
def test_each_filter_alone_selects(holding, make, name):
    store = holding(make("e-1", **{name: "x"}), make("e-2", **{name: "X"}), make("e-3"))
    status = make().summary.status

    assert ["e-1"] == ids(store.page(EventFilters(status=status, **{name: "x"}), after=None, rows=10))


@pytest.mark.parametrize("make", [a_stored_event, a_failed_event])
def test_an_interval_holds_its_first_moment_and_not_its_last(holding, make):
    microsecond = timedelta(microseconds=1)
    store = holding(*(make(f"e-{n}", received_at=NOON + n * microsecond) for n in range(4)))
    filters = EventFilters(
        status=make().summary.status, received_from=NOON + microsecond, received_before=NOON + 3 * microsecond
    )

    assert ["e-2", "e-1"] == ids(store.page(filters, after=None, rows=10))


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_an_interval_may_begin_and_end_at_the_calendars_ends(holding, moment):
    store = holding(a_stored_event())

    assert len(store.page(EventFilters(received_from=moment), after=None, rows=10)) == (moment < NOON)
    assert len(store.page(EventFilters(received_before=moment), after=None, rows=10)) == (moment > NOON)


@pytest.mark.parametrize("make", [a_stored_event, a_failed_event])
def test_the_newest_come_first_and_equal_moments_are_ordered_by_id(holding, make):
    store = holding(
        make("a", received_at=NOON),
        make("c", received_at=NOON),
        make("b", received_at=NOON),
        make("d", received_at=NOON - timedelta(days=30)),
        make("0", received_at=NOON + timedelta(days=30)),
    )

    assert ["0", "c", "b", "a", "d"] == ids(store.page(EventFilters(status=make().summary.status), after=None, rows=10))


@pytest.mark.parametrize("make", [a_stored_event, a_failed_event])
def test_a_page_begins_behind_its_key_and_has_no_more_rows_than_asked_for(holding, make):
    store = holding(*(make(event_id) for event_id in "abcde"))
    filters = EventFilters(status=make().summary.status)

    page = store.page(filters, after=PageKey(received_at=NOON, event_id="d"), rows=2)

    assert ["c", "b"] == ids(page)


@pytest.mark.parametrize("make", [a_stored_event, a_failed_event])
def test_the_oldest_come_first_when_they_are_asked_for(holding, make):
    store = holding(
        make("a", received_at=NOON),
        make("c", received_at=NOON),
        make("b", received_at=NOON),
        make("d", received_at=NOON - timedelta(days=30)),
        make("0", received_at=NOON + timedelta(days=30)),
    )
    filters = EventFilters(status=make().summary.status)

    first = store.page(filters, after=None, rows=3, order=Order.OLDEST)
    rest = store.page(filters, after=PageKey(received_at=NOON, event_id="b"), rows=3, order=Order.OLDEST)

    assert (["d", "a", "b"], ["c", "0"]) == (ids(first), ids(rest))
