"""Fakes of the query function's ports, and API Gateway's events for its calls.

`InMemoryStoredEvents` passes the same tests as the adapter on PostgreSQL (tests/integration/query).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.common.envelope import PayloadReference
from functions.query.ports import EventFilters, EventHistory, EventSummary, Order, PageKey, StoredEvent

CURSOR_KEY = b"a key for tests, of no worth elsewhere"


class InMemoryStoredEvents:
    """`StoredEvents` as a Python list."""

    def __init__(self, events: Iterable[StoredEvent] = ()) -> None:
        self.events = list(events)
        self.rows_asked_for: list[int] = []

    def find(self, event_id: str) -> StoredEvent | None:
        return next((event for event in self.events if event.summary.event_id == event_id), None)

    def page(
        self, filters: EventFilters, *, after: PageKey | None, rows: int, order: Order = Order.NEWEST
    ) -> list[EventSummary]:
        self.rows_asked_for.append(rows)
        wanted = (event.summary for event in self.events if _passes(event.summary, filters))
        ordered = sorted(wanted, key=_place, reverse=order is Order.NEWEST)
        if after is not None:
            key = after.received_at, after.event_id
            is_behind = (lambda place: place < key) if order is Order.NEWEST else (lambda place: place > key)
            ordered = [event for event in ordered if is_behind(_place(event))]
        return ordered[:rows]


def _place(event: EventSummary) -> tuple[Any, str]:
    return event.received_at, event.event_id


def _passes(event: EventSummary, filters: EventFilters) -> bool:
    return (
        event.status is filters.status
        and all(
            getattr(filters, name) in {None, getattr(event, name)}
            for name in ("type", "source", "user_id", "correlation_id")
        )
        and (filters.received_from is None or event.received_at >= filters.received_from)
        and (filters.received_before is None or event.received_at < filters.received_before)
    )


class BrokenStoredEvents:
    """`StoredEvents` that fail in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def find(self, event_id: str) -> StoredEvent | None:
        raise self._error

    def page(
        self, filters: EventFilters, *, after: PageKey | None, rows: int, order: Order = Order.NEWEST
    ) -> list[EventSummary]:
        raise self._error


class InMemoryEventHistories:
    """`EventHistories` as a Python list."""

    def __init__(self, histories: Iterable[EventHistory] = ()) -> None:
        self._histories = {history.event_id: history for history in histories}

    def history(self, event_id: str) -> EventHistory | None:
        return self._histories.get(event_id)


class BrokenEventHistories:
    """`EventHistories` that fail in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def history(self, event_id: str) -> EventHistory | None:
        raise self._error


def a_link(reference: PayloadReference) -> str:
    """The port `PayloadLink`; the link says what it leads to."""
    return f"https://{reference.bucket}.example/{reference.key}?signed"


@dataclass
class FakeService:
    """`Reachable`, or failing in one way."""

    error: Exception | None = None

    def check(self) -> None:
        if self.error is not None:
            raise self.error


@dataclass
class SteadyStopwatch:
    """A stopwatch on which a quarter of a second passes between two looks."""

    seconds: float = field(default=0.0)

    def __call__(self) -> float:
        self.seconds += 0.25
        return self.seconds


def a_cursor_key() -> bytes:
    """The port `CursorKey`."""
    return CURSOR_KEY


def gateway_event(
    resource: str,
    *,
    method: str = "GET",
    path_parameters: Mapping[str, str] | None = None,
    query: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A proxy event as a REST API sends it: absent parts are null, not empty."""
    headers = {"Accept": "*/*", "Host": "api.example", "X-Api-Key": "k"} | dict(headers or {})
    path = resource.format_map(path_parameters or {})
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "multiValueQueryStringParameters": {name: list(values) for name, values in query.items()} if query else None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/v1{path}",
            "stage": "v1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "203.0.113.7", "apiKey": "k", "apiKeyId": "id"},
        },
        "body": None,
        "isBase64Encoded": False,
    }
