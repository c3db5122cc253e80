"""What processing needs from the world."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import psycopg

from functions.common.envelope import Envelope, MessageAttributes, PayloadReference
from functions.common.names import EventStatus, Outcome
from functions.common.replay import ReplayRequest

Effect = Callable[[psycopg.Connection[Any]], None]
"""What else belongs into an event's transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Whether an event was new, and the content its id stands for."""

    is_new: bool
    payload_sha256: str
    """Of the stored event, 64 hexadecimal digits: of this one when it is new, of an earlier one otherwise."""
    content_sha256: str | None
    """The same, of all that the client said; None for an event stored before that was kept."""

    def is_for(self, event: Envelope) -> bool:
        """Tell whether the id stands for this event's content."""
        if self.content_sha256 is None or event.content_sha256 is None:
            return self.payload_sha256 == event.payload_sha256
        return self.content_sha256 == event.content_sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """How an event came to the processor, for its timeline."""

    queued_at: datetime
    """When the message was sent that brought it."""
    replay_id: str | None = None
    """Of the redrive that sent the message again; None for one that ingest sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A failed attempt, as the event's history keeps it."""

    envelope: Envelope
    status: EventStatus
    code: str
    message: str
    arrival: Arrival | None = None
    """Of the delivery that failed; None when no message brought the event."""

    @property
    def outcome(self) -> Outcome:
        """How the attempt ended."""
        return Outcome.DEAD_LETTERED if self.status is EventStatus.DEAD_LETTERED else Outcome.RETRY


class EventStore(Protocol):
    """The tables, for events whose payload was proven.

    Every method may raise `DatabaseUnavailable`, `DatabaseBusy`, `SecretUnavailable` or `OutOfTime`.
    """

    def store(
        self, events: Sequence[Envelope], *, arrivals: Sequence[Arrival] = (), within_seconds: float
    ) -> list[Claim]:
        """Claim and store all events in one transaction; return a claim for each, in the same order.

        The first of several with the same id counts; the others find it already stored.

        Args:
            events: all of them new to the queue: what a redrive sent again is for `store_with`.
            arrivals: how each of them came, in the same order; none when no message brought them.
            within_seconds: for all of it.

        Raises:
            InvalidEvent: PostgreSQL refused the data of at least one event, and so stored none.
        """

    def store_with(
        self, event: Envelope, effect: Effect, *, arrival: Arrival | None = None, within_seconds: float
    ) -> Claim:
        """Claim and store one event and, when it is new, run `effect` in the same transaction.

        A redrive is noted in it as well, whether the event is new or was stored before with the same content.

        Raises:
            InvalidEvent: PostgreSQL refused the event's data, or the effect's.
            Exception: Whatever the effect raised; nothing is stored then.
        """

    def find(self, event_id: str, received_at: datetime, *, within_seconds: float) -> Envelope | None:
        """Return an event as it is stored; None when it is not, or no longer."""

    def replay(self, request: ReplayRequest, effect: Effect, *, requested_at: datetime, within_seconds: float) -> bool:
        """Note that a replay has handled its event and, when it had not before, run `effect` in the same transaction.

        Returns:
            Whether the effect ran. Neither the event nor its key is changed.

        Raises:
            EventNotFound: The event is not stored any more; nothing is noted then.
            InvalidEvent: PostgreSQL refused the effect's data.
            Exception: Whatever the effect raised; nothing is noted then.
        """

    def record_failure(self, failure: Failure, *, within_seconds: float) -> None:
        """Add to the event's history, unless the event is stored."""


class PayloadStore(Protocol):
    """Where payloads lie that are too large for the queue."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""

    def get(self, reference: PayloadReference, *, expected_bytes: int, within_seconds: float) -> bytes:
        """Return the payload, of a longer one `expected_bytes + 1` only.

        Raises:
            PayloadMissing: No such object, or not yet.
            PayloadArchived: It has to be restored first.
            PayloadStoreUnavailable: It could not be read now.
            OutOfTime: It took longer than `within_seconds`.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Delay:
    """When a message is to be delivered again."""

    receipt_handle: str
    seconds: int


class SourceQueue(Protocol):
    """The queue that the messages come from, and the one where hopeless messages are parked."""

    def park(self, body: str, attributes: MessageAttributes, *, within_seconds: float) -> None:
        """Return once the dead-letter queue has acknowledged the message.

        Raises:
            QueueUnavailable: It has not.
            OutOfTime: It took longer than `within_seconds`.
        """

    def delay(self, delays: Sequence[Delay], *, within_seconds: float) -> None:
        """Set when messages are delivered again.

        Raises:
            QueueUnavailable: For some it could not be set; they return after the queue's visibility time-out.
            OutOfTime: It took longer than `within_seconds`.
        """


class Clock(Protocol):
    """The time of day."""

    def __call__(self) -> datetime:
        """Return the time now, aware, in UTC."""
