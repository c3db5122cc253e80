"""The use case: one delivery after the other becomes a stored event, or the error that kept it from becoming one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from functions.common.envelope import Envelope
from functions.common.errors import EventIdReused, PayloadBeyondMemory
from functions.common.log import bound
from functions.common.names import MessageAttribute, Outcome
from functions.processor.event import VerifiedEvent
from functions.processor.message import Message
from functions.processor.ports import Claim, EventStore, PayloadStore
from functions.processor.registry import Handler, Registry
from functions.processor.time_left import TimeLeft
from functions.processor.verify import check_digest, check_payload, check_reference, inline_payload, read_envelope


@dataclass(kw_only=True, slots=True)
class Delivery:
    """A message on its way through the batch."""

    message: Message
    envelope: Envelope | None = None
    """Known once the message has been read."""
    event: VerifiedEvent | None = None
    """Known once the payload has been proven, which for an offloaded one means fetched."""
    ended: Outcome | BaseException | None = None
    """How it ended; None while it has not. Only `processed` and `duplicate` occur here."""

    @property
    def correlation_id(self) -> str:
        """The best word known to follow this message by."""
        if self.envelope is not None:
            return self.envelope.correlation_id
        return self.message.attributes.get(MessageAttribute.CORRELATION_ID, self.message.message_id)

    @property
    def event_id(self) -> str | None:
        """The event's id, once it is known."""
        return None if self.envelope is None else self.envelope.event_id


@dataclass(frozen=True, kw_only=True)
class Processor:
    """Reads and stores events."""

    store: EventStore
    payloads: Callable[[], PayloadStore]
    """Called when the first offloaded payload arrives: its client is not worth a cold start."""
    registry: Registry
    handled_bytes_at_most: int
    """Of a payload that handlers read. A larger one could take the whole function's memory, and with it nine neighbours
    of the batch, at every delivery."""

    def read(self, delivery: Delivery) -> None:
        """Read the envelope, and prove the payload if it is in there.

        Raises:
            InvalidEnvelope: Ingest did not write it.
            PayloadHashMismatch: The payload is not the one that was accepted.
        """
        envelope = delivery.envelope = read_envelope(delivery.message.body)
        if envelope.payload is not None:
            payload = inline_payload(envelope.payload)
            check_payload(envelope, payload)
            delivery.event = VerifiedEvent(envelope=envelope, payload=payload)

    def fits_together(self, delivery: Delivery) -> bool:
        """Tell whether nothing but the store's one statement is needed: payload at hand, no user's code to run."""
        return delivery.event is not None and not self._handlers(delivery.event.envelope)

    def store_together(self, deliveries: Sequence[Delivery], time: TimeLeft) -> None:
        """Store many events in one statement; on an error none is stored and none has ended.

        Raises:
            Exception: Whatever the store raises: the fault of one of them, or of none.
        """
        events = [delivery.event for delivery in deliveries if delivery.event is not None]
        claims = self.store.store([event.envelope for event in events], within_seconds=time.for_work())
        for delivery, event, claim in zip(deliveries, events, claims, strict=True):
            delivery.ended = _outcome_or_error(event, claim)

    def store_alone(self, delivery: Delivery, time: TimeLeft) -> None:
        """Store one event in a transaction of its own, with everything its handlers do.

        Raises:
            Exception: Whatever the payload store, the event store or a handler raises.
        """
        if delivery.envelope is None:
            raise ValueError("a message must be read before its event is stored")
        event = delivery.event or self._fetch(delivery.envelope, time)
        delivery.event = event
        handlers = self._handlers(event.envelope)
        with bound(event_id=event.envelope.event_id, correlation_id=event.envelope.correlation_id):
            if handlers:
                claim = self.store.store_with(event.envelope, _effect(event, handlers), within_seconds=time.for_work())
            else:
                (claim,) = self.store.store([event.envelope], within_seconds=time.for_work())
        delivery.ended = _outcome_or_error(event, claim)

    def _fetch(self, envelope: Envelope, time: TimeLeft) -> VerifiedEvent:
        reference = envelope.payload_ref
        if reference is None:
            raise ValueError("an envelope without a payload carries a reference to it")
        payloads, size = self.payloads(), envelope.payload_bytes
        check_reference(envelope, reference, bucket=payloads.bucket)
        if not self._handlers(envelope):
            check_digest(envelope, payloads.digest(reference, expected_bytes=size, within_seconds=time.for_work()))
            return VerifiedEvent(envelope=envelope, payload=None)
        if size > self.handled_bytes_at_most:
            raise PayloadBeyondMemory(
                f"Handlers may read payloads of {self.handled_bytes_at_most} bytes at most, and this one has {size}: "
                "give the processor more memory, and redrive."
            )
        payload = payloads.get(reference, expected_bytes=size, within_seconds=time.for_work())
        check_payload(envelope, payload)
        return VerifiedEvent(envelope=envelope, payload=payload)

    def _handlers(self, envelope: Envelope) -> tuple[Handler, ...]:
        return self.registry.handlers_for(envelope.type)


def _effect(event: VerifiedEvent, handlers: Sequence[Handler]) -> Callable[[psycopg.Connection[Any]], None]:
    def effect(connection: psycopg.Connection[Any]) -> None:
        seen = event.for_handlers()
        for handler in handlers:
            handler(seen, connection)

    return effect


def _outcome_or_error(event: VerifiedEvent, claim: Claim) -> Outcome | EventIdReused:
    if claim.is_new:
        return Outcome.PROCESSED
    if claim.is_for(event.envelope):
        return Outcome.DUPLICATE
    return EventIdReused("An event with this id and other content is stored already.")
