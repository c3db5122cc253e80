"""The stored events, as many pages of them as are wanted, or as they come in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.moments import written
from functions.common.events import parse_timestamp

PAGE_AT_MOST = 1000
"""The API's own limit."""

NEWS_AT_MOST = 10_000
"""Events that one look may bring; of more, the newest are shown."""

FOLLOW_SECONDS = 1.0
"""Between two looks."""

LATE_SECONDS = 60.0
"""How much later than its neighbours an event may be stored and still be seen while following.

The list is in the order of acceptance, and an event that had to be tried again is stored late.
"""

Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EventFeed:
    """Reads events."""

    api: Api
    pause_seconds: float = FOLLOW_SECONDS

    def newest(self, filters: Mapping[str, str], *, limit: int) -> Iterator[Event]:
        """Yield events, newest first.

        Raises:
            OperatorError: The API refuses a filter, or cannot be reached.
        """
        cursor: str | None = None
        while limit > 0:
            parameters = {**filters, "limit": str(min(limit, PAGE_AT_MOST))}
            page = self.api.get("/events", parameters if cursor is None else {**parameters, "cursor": cursor})
            yield from page["items"][:limit]
            limit -= len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def follow(self, filters: Mapping[str, str], *, limit: int) -> Iterator[Event]:
        """Yield the newest events, oldest first, and then every new one, until the caller has seen enough.

        Raises:
            OperatorError: The API refuses a filter, or cannot be reached.
        """
        if "to" in filters:
            raise OperatorError("--follow shows what comes in, so it has no end: leave --to out.")
        shown = list(self.newest(filters, limit=limit))
        # Older events than the first ones shown are no news.
        floor = _received(shown[-1]) if len(shown) == limit and shown else None
        seen: dict[str, datetime] = {}
        yield from _unseen(shown, seen)
        while True:
            self.api.wait(self.pause_seconds)
            after = floor
            # No clock of this machine's: it may be wrong by more than events are late.
            if seen:
                after = max(filter(None, (floor, max(seen.values()) - timedelta(seconds=LATE_SECONDS))))
            news = list(self.newest(_since(filters, after), limit=NEWS_AT_MOST))
            yield from _unseen(news, seen)
            for event_id in [event_id for event_id, moment in seen.items() if after and moment < after]:
                del seen[event_id]


def _unseen(newest_first: list[Event], seen: dict[str, datetime]) -> Iterator[Event]:
    for event in reversed(newest_first):
        if event["event_id"] not in seen:
            seen[event["event_id"]] = _received(event)
            yield event


def _received(event: Event) -> datetime:
    return parse_timestamp(event["received_at"])


def _since(filters: Mapping[str, str], moment: datetime | None) -> Mapping[str, str]:
    if moment is None:
        return filters
    given = filters.get("from")
    return {**filters, "from": written(moment if given is None else max(moment, parse_timestamp(given)))}
