"""Paging through real tables: nothing twice, nothing missed, whatever arrives meanwhile."""

import json
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.common.names import EventStatus
from functions.query.listing import Lister
from functions.query.parameters import ListRequest
from functions.query.ports import EventFilters, Order
from tests.support.fakes_query import InMemoryStoredEvents, a_cursor_key
from tests.support.stored_events import NOON, a_failed_event, a_stored_event, insert


def pages(store, *, filters, limits, order=Order.NEWEST):
    """Yield each page's ids; the limit may differ from page to page."""
    lister = Lister(events=store, cursor_key=a_cursor_key)
    cursor = None
    for limit in limits:
        page = json.loads(lister.page(ListRequest(filters=filters, order=order, limit=limit, cursor=cursor)))
        yield [item["event_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("order", Order)
def test_a_thousand_events_of_one_moment_are_each_visited_once_while_others_arrive(stored, writer, order):
    shuffler = random.Random(7)
    first = [f"e-{number:04}" for number in range(0, 2000, 2)]
    shuffler.shuffle(first)
    insert(writer, *(a_stored_event(event_id) for event_id in first))
    arriving = [f"e-{number:04}" for number in range(1, 2000, 2)]
    shuffler.shuffle(arriving)

    visited = []
    for page in pages(stored, filters=EventFilters(), limits=[37] * 100, order=order):
        visited += page
        insert(writer, *(a_stored_event(arriving.pop()) for _ in range(10)))
        # Before the beginning of the list, where no page leads any more.
        away = timedelta(seconds=len(visited) if order is Order.NEWEST else -len(visited))
        insert(writer, a_stored_event(f"new-{len(visited)}", received_at=NOON + away))

    assert sorted(first) == sorted(event_id for event_id in visited if event_id in set(first))
    assert len(visited) == len(set(visited))
    assert visited == sorted(visited, reverse=order is Order.NEWEST)
    assert len(visited) > 1000


texts = st.sampled_from(["a", "b", None])
events = st.builds(
    lambda number, failed, second, **fields: (a_failed_event if failed else a_stored_event)(
        f"e-{number:03}", received_at=NOON + timedelta(days=7 * second), **fields
    ),
    number=st.integers(min_value=0, max_value=999),
    failed=st.booleans(),
    second=st.integers(min_value=-4, max_value=4),
    type=st.sampled_from(["a", "b"]),
    source=texts,
    user_id=texts,
    correlation_id=st.sampled_from(["a", "b"]),
)
filters = st.builds(
    EventFilters,
    status=st.sampled_from([EventStatus.COMPLETED, EventStatus.DEAD_LETTERED]),
    type=texts,
    source=texts,
    user_id=texts,
    correlation_id=texts,
    received_from=st.none() | st.just(NOON - timedelta(days=7)),
    received_before=st.none() | st.just(NOON + timedelta(days=14)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seeded=st.lists(events, max_size=30, unique_by=lambda event: event.summary.event_id),
    chosen=filters,
    limits=st.lists(st.integers(min_value=1, max_value=12), min_size=1, max_size=5),
    order=st.sampled_from(Order),
)
def test_pages_on_postgresql_are_those_of_a_sorted_list(stored, writer, seeded, chosen, limits, order):
    """Whatever is stored, whichever filters, whatever page sizes, either order; events fall into three partitions."""
    writer.execute("TRUNCATE events, idempotency_keys CASCADE")
    insert(writer, *seeded)
    limits = limits * 31  # At least one event a page: enough for any list.

    expected = list(pages(InMemoryStoredEvents(seeded), filters=chosen, limits=limits, order=order))

    assert expected == list(pages(stored, filters=chosen, limits=limits, order=order))
