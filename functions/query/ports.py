"""What answering questions needs from the world, and the values that cross the border."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from functions.common.envelope import PayloadReference
from functions.common.names import EventStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSummary:
    """Everything known about one event that is small: what a page of events is made of."""

    event_id: str
    received_at: datetime
    status: EventStatus
    payload_sha256: bytes
    attempts: int
    errors: tuple[dict[str, Any], ...] = ()
    """The last twenty failures, oldest first: `at`, `code`, `message`, `attempt`."""
    first_seen_at: datetime
    """When the processor first saw the event; `received_at` is when ingest accepted it."""
    updated_at: datetime
    completed_at: datetime | None = None
    # A failed event is known by its id, and by as much of the rest as the failure left behind.
    type: str | None = None
    source: str | None = None
    user_id: str | None = None
    correlation_id: str | None = None
    schema_version: str | None = None
    occurred_at: datetime | None = None
    processed_at: datetime | None = None
    payload_bytes: int | None = None
    payload_key: str | None = None
    """Where in the payload bucket the payload lies; None when it is inline, or nothing is known of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEvent:
    """One event with its payload, or a reference to it; an event that failed has neither."""

    summary: EventSummary
    attributes: dict[str, str] | None = None
    """CloudEvents context attributes that have no field of their own."""
    payload: str | None = None
    """JSON text exactly as the client wrote it."""
    payload_ref: PayloadReference | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EventFilters:
    """Which events a list holds; a filter that is None lets every event pass."""

    status: EventStatus = EventStatus.COMPLETED
    type: str | None = None
    source: str | None = None
    user_id: str | None = None
    correlation_id: str | None = None
    received_from: datetime | None = None
    """The first moment that belongs to the list."""
    received_before: datetime | None = None
    """The first moment that no longer does."""


class Order(StrEnum):
    """Which end of a list comes first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    """In the order of acceptance: for whoever goes through all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageKey:
    """Where a page ends: lists are ordered by these two, both descending or both ascending."""

    received_at: datetime
    event_id: str


class StoredEvents(Protocol):
    """The tables, for reading."""

    def find(self, event_id: str) -> StoredEvent | None:
        """Return one event, or None when none with this id was stored or has failed.

        Raises:
            TransientError: The database did not answer in time.
        """

    def page(
        self, filters: EventFilters, *, after: PageKey | None, rows: int, order: Order = Order.NEWEST
    ) -> list[EventSummary]:
        """Return up to `rows` events that lie behind `after` in this order.

        Raises:
            TransientError: The database did not answer in time.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedAttempt:
    """One attempt that did not store the event, or did not replay it."""

    at: datetime
    code: str
    message: str
    attempt: int
    queued_at: datetime | None = None
    """When the message was sent that was tried; None in entries from before it was written down, as is all below."""
    outcome: str | None = None
    """`retry` or `dead_lettered`."""
    replay_id: str | None = None
    """Of the replay or redrive that sent the message; None when it was the event's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """One replay or redrive that was handled."""

    replay_id: str
    requested_at: datetime
    """When its message was sent."""
    processed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EventHistory:
    """What was written down while an event was handled."""

    event_id: str
    received_at: datetime
    status: EventStatus
    correlation_id: str | None = None
    attempts: int | None = None
    """None when retention has removed the record, and the event is all that is left."""
    queued_at: datetime | None = None
    """When the message was sent that stored the event."""
    completed_at: datetime | None = None
    failures: tuple[FailedAttempt, ...] = ()
    """The last twenty, oldest first."""
    replays: tuple[Replay, ...] = ()


class EventHistories(Protocol):
    """The tables, for reading what happened to an event."""

    def history(self, event_id: str) -> EventHistory | None:
        """Return what is known of one event, or None when none with this id was stored or has failed.

        Raises:
            TransientError: The database did not answer in time.
        """


class PayloadLink(Protocol):
    """Where clients fetch a payload that is too large to be answered."""

    def __call__(self, reference: PayloadReference, /) -> str:
        """Return a URL that gives the payload for a quarter of an hour to whoever has it.

        Raises:
            PayloadReferenceRefused: The reference points outside the payload bucket.
        """


class CursorKey(Protocol):
    """The secret that cursors are signed with."""

    def __call__(self) -> bytes:
        """Return the key.

        Raises:
            SecretUnavailable: It could not be read.
        """


class Reachable(Protocol):
    """A service whose reachability the health answer reports."""

    def check(self) -> None:
        """Return when the service answers.

        Raises:
            TransientError: It does not, within a few seconds.
        """


class Stopwatch(Protocol):
    """A clock that only ever goes forward."""

    def __call__(self) -> float:
        """Return seconds since some fixed moment."""
