"""`GET /events`: one page of events, newest or oldest first, and a cursor for the next."""

import json
from dataclasses import dataclass

from functions.query import cursor
from functions.query.documents import summary_document
from functions.query.parameters import ListRequest
from functions.query.ports import CursorKey, EventSummary, PageKey, StoredEvents

PAGE_BYTES_MAX = 5_000_000
"""Of the items in one answer. Lambda cuts off at 6 MB (6,291,556 bytes), cursor, headers and commas included.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""


@dataclass(frozen=True, kw_only=True)
class Lister:
    """Lists events page by page.

    Pages are found by key, not by offset: the ten-thousandth costs what the first does,
    and events that arrive meanwhile neither move nor repeat those behind the cursor.
    """

    events: StoredEvents
    cursor_key: CursorKey

    def page(self, request: ListRequest) -> str:
        """Return `{"items": […], "next_cursor": …}` as JSON text; the cursor is null on the last page.

        Raises:
            InvalidCursor: The request's cursor was not made here, or for another list.
            TransientError: The database did not answer, or the cursor key could not be read.
        """
        after = None
        if request.cursor is not None:
            after = cursor.decode(request.cursor, request.filters, request.order, secret=self.cursor_key())
        # One more than asked for: whether it is there tells whether another page is.
        found = self.events.page(request.filters, after=after, rows=request.limit + 1, order=request.order)
        items = _fitting(found[: request.limit])
        next_cursor = None
        if len(items) < len(found):
            last = found[len(items) - 1]
            key = PageKey(received_at=last.received_at, event_id=last.event_id)
            next_cursor = cursor.encode(key, request.filters, request.order, secret=self.cursor_key())
        return f'{{"items": [{", ".join(items)}], "next_cursor": {json.dumps(next_cursor)}}}'


def _fitting(events: list[EventSummary]) -> list[str]:
    """Return as many items as fit into one answer, at least one; long error histories can make a page short."""
    items: list[str] = []
    room = PAGE_BYTES_MAX
    for event in events:
        item = json.dumps(summary_document(event))
        room -= _bytes_in_answer(item)
        if items and room < 0:
            break
        items.append(item)
    return items


def _bytes_in_answer(item: str) -> int:
    # The body is a JSON string inside Lambda's own JSON, where quotes and backslashes take two bytes; `item` is ASCII.
    return len(item) + item.count('"') + item.count("\\")
