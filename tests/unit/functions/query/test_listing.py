"""Pages of events."""

import json
from datetime import timedelta

import pytest

from functions.common.errors import InvalidCursor, SecretUnavailable
from functions.common.names import EventStatus
from functions.query import listing
from functions.query.listing import Lister
from functions.query.parameters import ListRequest
from functions.query.ports import EventFilters, Order
from tests.support.fakes_query import InMemoryStoredEvents, a_cursor_key
from tests.support.stored_events import NOON, a_failed_event, a_stored_event, an_error

EVERYTHING = EventFilters()
LAMBDA_ANSWER_BYTES_MAX = 6_291_556


def pages(events, *, limit=50, filters=EVERYTHING, order=Order.NEWEST):
    """Return every page of a list, as parsed JSON."""
    lister = Lister(events=InMemoryStoredEvents(events), cursor_key=a_cursor_key)
    result = [json.loads(lister.page(ListRequest(filters=filters, order=order, limit=limit)))]
    while result[-1]["next_cursor"]:
        request = ListRequest(filters=filters, order=order, limit=limit, cursor=result[-1]["next_cursor"])
        result.append(json.loads(lister.page(request)))
    return result


def ids(page):
    return [item["event_id"] for item in page["items"]]


def five_events():
    return [a_stored_event(f"e-{n}", received_at=NOON + timedelta(seconds=n)) for n in range(5)]


def test_pages_hold_the_newest_first_and_the_last_has_no_cursor():
    result = pages(five_events(), limit=2)

    assert [["e-4", "e-3"], ["e-2", "e-1"], ["e-0"]] == [ids(page) for page in result]
    assert result[-1]["next_cursor"] is None


def test_pages_hold_the_oldest_first_when_they_are_asked_for():
    result = pages(five_events(), limit=2, order=Order.OLDEST)

    assert [["e-0", "e-1"], ["e-2", "e-3"], ["e-4"]] == [ids(page) for page in result]


def test_a_last_page_that_is_exactly_full_has_no_cursor():
    result = pages(five_events(), limit=5)

    assert 1 == len(result)
    assert result[0]["next_cursor"] is None


def test_events_of_the_same_moment_are_neither_skipped_nor_repeated():
    events = [a_stored_event(f"e-{n}") for n in range(5)]

    assert [["e-4", "e-3"], ["e-2", "e-1"], ["e-0"]] == [ids(page) for page in pages(events, limit=2)]


def test_an_empty_list_is_one_empty_page():
    assert [{"items": [], "next_cursor": None}] == pages([])


def test_items_carry_everything_but_payload_and_attributes():
    [page] = pages([a_stored_event()])

    [item] = page["items"]
    assert {"payload", "payload_url", "attributes"}.isdisjoint(item)
    assert ("completed", 19, 64) == (item["status"], item["payload_bytes"], len(item["payload_sha256"]))


def test_failed_events_are_listed_by_their_status():
    events = [*five_events(), a_failed_event("f-1"), a_failed_event("f-2", status=EventStatus.FAILED)]

    assert ["f-1"] == ids(pages(events, filters=EventFilters(status=EventStatus.DEAD_LETTERED))[0])
    assert ["f-2"] == ids(pages(events, filters=EventFilters(status=EventStatus.FAILED))[0])


def test_the_page_size_may_change_on_the_way():
    lister = Lister(events=InMemoryStoredEvents(five_events()), cursor_key=a_cursor_key)
    first = json.loads(lister.page(ListRequest(filters=EventFilters(), limit=1)))

    second = json.loads(lister.page(ListRequest(filters=EventFilters(), limit=3, cursor=first["next_cursor"])))

    assert ["e-3", "e-2", "e-1"] == ids(second)


def test_a_cursor_of_another_list_is_refused():
    lister = Lister(events=InMemoryStoredEvents(five_events()), cursor_key=a_cursor_key)
    first = json.loads(lister.page(ListRequest(filters=EventFilters(), limit=1)))
    request = ListRequest(filters=EventFilters(user_id="u-1"), limit=1, cursor=first["next_cursor"])

    with pytest.raises(InvalidCursor, match="other filters"):
        lister.page(request)


def test_a_cursor_of_the_other_order_is_refused():
    lister = Lister(events=InMemoryStoredEvents(five_events()), cursor_key=a_cursor_key)
    first = json.loads(lister.page(ListRequest(filters=EventFilters(), limit=1)))
    request = ListRequest(filters=EventFilters(), order=Order.OLDEST, limit=1, cursor=first["next_cursor"])

    with pytest.raises(InvalidCursor, match="made for the order newest"):
        lister.page(request)


def test_one_row_more_than_asked_for_is_read():
    events = InMemoryStoredEvents(five_events())

    Lister(events=events, cursor_key=a_cursor_key).page(ListRequest(filters=EventFilters(), limit=1000))

    assert [1001] == events.rows_asked_for


def test_a_list_of_one_page_needs_no_cursor_key():
    def unavailable():
        raise SecretUnavailable("SSM is down")

    lister = Lister(events=InMemoryStoredEvents(five_events()), cursor_key=unavailable)

    assert 5 == len(json.loads(lister.page(ListRequest(filters=EventFilters())))["items"])


def test_a_page_of_long_error_histories_is_cut_to_fit_a_lambda_answer():
    """Every event is still listed exactly once: the cursor continues behind the last item that fitted."""
    errors = tuple(an_error(attempt, message='"\\' * 1000) for attempt in range(20))
    events = [a_failed_event(f"e-{n:03}", received_at=NOON - timedelta(seconds=n), errors=errors) for n in range(120)]

    result = pages(events, limit=1000, filters=EventFilters(status=EventStatus.DEAD_LETTERED))

    assert [f"e-{n:03}" for n in range(120)] == [event_id for page in result for event_id in ids(page)]
    assert len(result) > 1
    answers = [json.dumps({"body": json.dumps(page)}) for page in result]
    assert LAMBDA_ANSWER_BYTES_MAX > max(len(answer.encode()) for answer in answers)
    assert listing.PAGE_BYTES_MAX * 0.9 < len(answers[0].encode())


def test_an_item_larger_than_a_page_still_moves_the_list_on():
    errors = (an_error(message="x" * (listing.PAGE_BYTES_MAX + 1)),)
    events = [a_failed_event(f"e-{n}", received_at=NOON - timedelta(seconds=n), errors=errors) for n in range(3)]

    result = pages(events, filters=EventFilters(status=EventStatus.DEAD_LETTERED))

    assert [["e-0"], ["e-1"], ["e-2"]] == [ids(page) for page in result]


def test_a_thousand_ordinary_items_fit_on_one_page():
    text = "é" * 255  # The longest that a field may be; each character takes six bytes in JSON.
    events = [
        a_stored_event(f"e-{n:04}", type=text, source=text, user_id="u" * 255, correlation_id="c" * 128)
        for n in range(1000)
    ]

    assert [1000] == [len(page["items"]) for page in pages(events, limit=1000)]
