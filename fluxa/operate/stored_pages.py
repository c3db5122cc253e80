"""The stored events from the oldest on, a page at a time, from any place and whatever becomes of a cursor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluxa.errors import OperatorError
from fluxa.operate.api import Api, Refused
from fluxa.operate.events import PAGE_AT_MOST, Event

_REFUSED_CURSOR = "invalid_cursor"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Up to where the list has been read."""

    filters: Mapping[str, str]
    """Of the API, moments written out; a cursor belongs to the filters that it was given for."""
    cursor: str | None = None
    received_at: str | None = None
    """Of the last event, as the API wrote it: where to go on when the cursor is worth nothing any more."""
    event_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some events, oldest first, and the place behind them."""

    events: Sequence[Event]
    behind: Place


@dataclass(frozen=True, kw_only=True)
class StoredPages:
    """Reads pages."""

    api: Api
    limit: int = PAGE_AT_MOST

    def after(self, place: Place) -> Iterator[Page]:
        """Yield every page behind a place.

        Raises:
            OperatorError: The API refuses a filter, or cannot be reached.
        """
        refused_at: str | None = None
        while True:
            try:
                page = self._read(place, limit=self.limit)
            except Refused as refused:
                # Cursors end with the key that signed them, and a replay may take longer.
                if refused.code != _REFUSED_CURSOR or place.cursor is None or place.event_id in {None, refused_at}:
                    raise
                refused_at = place.event_id
                page = self._read_from_its_moment(place)
            if page.events:
                yield page
            if page.behind.cursor is None:
                return
            place = page.behind

    def _read_from_its_moment(self, place: Place) -> Page:
        moment = Place(filters={**place.filters, "from": str(place.received_at)})
        # The largest one: events of one request share their moment, and have to be looked through for the last.
        page = self._read(moment, limit=PAGE_AT_MOST)
        known = [event["event_id"] for event in page.events]
        # An event that is gone leaves nothing to skip by: those of its moment come once more.
        start = known.index(place.event_id) + 1 if place.event_id in known else 0
        return Page(events=page.events[start:], behind=page.behind)

    def _read(self, place: Place, *, limit: int) -> Page:
        parameters = {**place.filters, "order": "oldest", "limit": str(limit)}
        answer = _get(self.api, parameters if place.cursor is None else {**parameters, "cursor": place.cursor})
        events: list[Event] = answer["items"]
        last = events[-1] if events else {"received_at": place.received_at, "event_id": place.event_id}
        behind = Place(
            filters=place.filters,
            cursor=answer["next_cursor"],
            received_at=last["received_at"],
            event_id=last["event_id"],
        )
        return Page(events=events, behind=behind)


def _get(api: Api, parameters: Mapping[str, str]) -> Any:
    try:
        return api.get("/events", parameters)
    except Refused as refused:
        if "order: " not in str(refused):
            raise
        raise OperatorError(
            f"{refused} This stack cannot list its oldest events: deploy the version that this command is of."
        ) from None
