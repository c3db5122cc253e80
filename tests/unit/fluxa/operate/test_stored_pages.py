"""Every event behind a place, once, against a real HTTP server: whatever becomes of the cursor."""

from typing import Any

import pytest

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.stored_pages import Place, StoredPages
from tests.support.batch_server import BatchServer
from tests.support.stored_listing import StoredListing, an_event, moment

ALL = Place(filters={"status": "completed", "to": moment(10_000)})


@pytest.fixture
def listing(server: BatchServer) -> StoredListing:
    server.listing = listing = StoredListing()
    return listing


@pytest.fixture
def pages(api: Api) -> StoredPages:
    return StoredPages(api=api, limit=3)


def ids(pages: Any) -> list[str]:
    return [event["event_id"] for page in pages for event in page.events]


def test_every_event_is_read_once_from_the_oldest_on(listing: StoredListing, pages: StoredPages):
    listing.stored = [an_event(n) for n in reversed(range(8))]

    assert [f"e-{n:05}" for n in range(8)] == ids(pages.after(ALL))
    assert [None, "cursor", "cursor"] == ["cursor" if "cursor" in asked else None for asked in listing.asked]
    assert {("3", "completed")} == {(asked["limit"], asked["status"]) for asked in listing.asked}


def test_nothing_stored_is_no_page(listing: StoredListing, pages: StoredPages):
    assert [] == list(pages.after(ALL))


def test_reading_goes_on_from_any_place(listing: StoredListing, pages: StoredPages):
    listing.stored = [an_event(n) for n in range(8)]
    first, *_ = pages.after(ALL)

    assert [f"e-{n:05}" for n in range(3, 8)] == ids(pages.after(first.behind))


@pytest.mark.parametrize("moments", ["apart", "in pairs", "the same"])
def test_behind_a_refused_cursor_it_goes_on_by_the_last_events_moment(
    listing: StoredListing, pages: StoredPages, moments: str
):
    seconds = {"apart": float, "in pairs": lambda n: n // 2, "the same": lambda n: 0}[moments]
    listing.stored = [an_event(n, seconds=seconds(n)) for n in range(8)]
    reading = pages.after(ALL)
    found = ids([next(reading), next(reading)])

    listing.cursor_key = 2

    assert [f"e-{n:05}" for n in range(8)] == found + ids(reading)


def test_a_cursor_that_is_refused_each_time_costs_a_page_and_loses_none(listing: StoredListing, pages: StoredPages):
    listing.stored = [an_event(n) for n in range(2_500)]
    found: list[str] = []

    for page in pages.after(ALL):
        found += ids([page])
        listing.cursor_key += 1

    assert [f"e-{n:05}" for n in range(2_500)] == found


def test_an_event_erased_in_between_makes_nobody_else_be_left_out(listing: StoredListing, pages: StoredPages):
    listing.stored = [an_event(n, seconds=0) for n in range(6)]
    reading = pages.after(ALL)
    next(reading)
    listing.cursor_key = 2
    del listing.stored[2]

    # The two before it come once more: who was the last is not known any more.
    assert [f"e-{n:05}" for n in (0, 1, 3, 4, 5)] == ids(reading)


@pytest.mark.parametrize(("apart", "read"), [(1, 2_500), (0, 1_000)])
def test_an_api_that_refuses_every_cursor_is_read_by_moments_as_long_as_they_move(
    listing: StoredListing, server: BatchServer, api: Api, apart: int, read: int
):
    listing.stored = [an_event(n, seconds=n * apart) for n in range(2_500)]
    server.listing = lambda asked: (400, {"code": "invalid_cursor"}, {}) if "cursor" in asked else listing(asked)
    found: list[str] = []

    try:
        for page in StoredPages(api=api).after(ALL):
            found += ids([page])
    except OperatorError as error:
        found.append(str(error))

    assert [f"e-{n:05}" for n in range(read)] == found[:read]
    assert ("refused the request: 400" in found[-1]) == (read < 2_500)


def test_any_other_refusal_is_told_in_the_apis_words(listing: StoredListing, pages: StoredPages, server: BatchServer):
    server.troubles = [(400, {"code": "malformed_request", "detail": "No.", "errors": []}, {})]

    with pytest.raises(OperatorError, match=r"refused the request: 400 Bad Request: No\.$"):
        ids(pages.after(ALL))


def test_a_stack_that_knows_no_order_says_what_to_do(listing: StoredListing, pages: StoredPages, server: BatchServer):
    unknown = {"field": "order", "message": "Is not a parameter of this call."}
    server.troubles = [(400, {"code": "malformed_request", "detail": "1 is not valid.", "errors": [unknown]}, {})]

    with pytest.raises(OperatorError, match="deploy the version that this command is of"):
        ids(pages.after(ALL))
