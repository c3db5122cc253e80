"""Listing and following against a real HTTP server."""

import itertools
from typing import Any

import pytest

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.events import EventFeed
from tests.support.batch_server import BatchServer


def an_event(n: int, minute: int = 0) -> dict[str, Any]:
    return {"event_id": f"e-{n}", "received_at": f"2026-11-23T12:{minute:02}:{n % 60:02}.000000Z"}


class Listing:
    """The list as the API gives it: newest first, from a moment on, a page at a time."""

    def __init__(self) -> None:
        self.stored: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []

    def __call__(self, parameters: dict[str, str]) -> dict[str, Any]:
        self.asked.append(parameters)
        matching = [event for event in self.stored if event["received_at"] >= parameters.get("from", "")]
        matching.sort(key=lambda event: event["received_at"], reverse=True)
        start = int(parameters.get("cursor", 0))
        end = start + min(int(parameters["limit"]), 3)
        return {"items": matching[start:end], "next_cursor": str(end) if end < len(matching) else None}


@pytest.fixture
def listing(server: BatchServer) -> Listing:
    server.listing = listing = Listing()
    return listing


@pytest.fixture
def feed(api: Api) -> EventFeed:
    return EventFeed(api=api, pause_seconds=0.001)


def ids(events: Any) -> list[str]:
    return [event["event_id"] for event in events]


@pytest.mark.parametrize(("limit", "pages"), [(1, 1), (3, 1), (5, 2), (8, 3), (100, 3)])
def test_as_many_pages_are_read_as_are_wanted(listing: Listing, feed: EventFeed, limit: int, pages: int):
    listing.stored = [an_event(n) for n in range(8)]

    found = ids(feed.newest({"type": "a"}, limit=limit))

    assert [f"e-{n}" for n in reversed(range(8))][:limit] == found
    assert pages == len(listing.asked)
    assert {"a"} == {parameters["type"] for parameters in listing.asked}


def test_following_shows_the_newest_and_then_each_new_one_once(listing: Listing, feed: EventFeed):
    listing.stored = [an_event(n) for n in range(5)]
    followed = feed.follow({}, limit=2)

    assert ["e-3", "e-4"] == ids(itertools.islice(followed, 2))
    listing.stored += [an_event(n) for n in range(5, 12)]
    assert [f"e-{n}" for n in range(5, 12)] == ids(itertools.islice(followed, 7))


def test_an_event_that_was_stored_late_is_shown_all_the_same(listing: Listing, feed: EventFeed):
    listing.stored = [an_event(10), an_event(50)]
    followed = feed.follow({}, limit=2)
    assert ["e-10", "e-50"] == ids(itertools.islice(followed, 2))

    listing.stored += [an_event(30), an_event(55)]

    assert ["e-30", "e-55"] == ids(itertools.islice(followed, 2))


def test_following_begins_with_nothing_and_never_reads_all_again(listing: Listing, feed: EventFeed):
    followed = feed.follow({"from": "2026-11-23T12:00:00.000000Z"}, limit=10)
    listing.stored = []
    for minute in (0, 5, 10):
        listing.stored.append(an_event(minute, minute))
        assert [f"e-{minute}"] == ids(itertools.islice(followed, 1))
    listing.stored.append(an_event(11, 11))
    next(followed)

    assert listing.asked[-1]["from"] == "2026-11-23T12:09:10.000000Z"


def test_following_has_no_end(feed: EventFeed):
    with pytest.raises(OperatorError, match="leave --to out"):
        next(feed.follow({"to": "2026-11-23T12:00:00Z"}, limit=1))


def test_a_refused_filter_is_told_in_the_apis_words(server: BatchServer, feed: EventFeed):
    problem = {
        "detail": "1 query parameter is not valid.",
        "errors": [{"field": "status", "message": "Must be one of a."}],
    }
    server.troubles = [(400, problem, {})]

    with pytest.raises(OperatorError) as refused:
        list(feed.newest({"status": "x"}, limit=1))

    assert (
        "The API of the stack test refused the request: 400 Bad Request: 1 query parameter is not valid; "
        "status: Must be one of a."
    ) == str(refused.value)


def test_an_api_that_is_not_there_is_named(server: BatchServer, feed: EventFeed):
    server.troubles = [(503, {"message": "Service Unavailable"}, {})] * 4

    with pytest.raises(OperatorError, match=r"did not take the request in 4 attempts \(503 .*Service Unavailable\)"):
        list(feed.newest({}, limit=1))
