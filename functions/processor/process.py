"""The use case: one delivery after the other becomes a stored event, or the error that kept it from becoming one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from functions.common.envelope import Envelope
from functions.common.errors import EventIdReused
from functions.common.log import bound
from functions.common.names import MessageAttribute, Outcome
from functions.common.replay import ReplayRequest, decode_replay
from functions.processor.event import VerifiedEvent
from functions.processor.message import Message
from functions.processor.ports import Claim, EventStore, PayloadStore
from functions.processor.registry import Handler, Registry
from functions.processor.replaying import Replayer, effect_of
from functions.processor.time_left import TimeLeft
from functions.processor.verify import check_payload, fetch_payload, inline_payload, read_envelope


@dataclass(kw_only=True, slots=True)
class Delivery:
    """A message on its way through the batch."""

    message: Message
    envelope: Envelope | None = None
    """Known once the message has been read."""
    replay: ReplayRequest | None = None
    """Instead of the envelope, in a message that names a stored event."""
    event: VerifiedEvent | None = None
    """Known once the payload has been proven, which for an offloaded one means fetched."""
    ended: Outcome | BaseException | None = None
    """How it ended; None while it has not. Only `processed` and `duplicate` occur here."""

    @property
    def correlation_id(self) -> str:
        """The best word known to follow this message by."""
        if (read := self.envelope or self.replay) is not None:
            return read.correlation_id
        return self.message.attributes.get(MessageAttribute.CORRELATION_ID, self.message.message_id)

    @property
    def event_id(self) -> str | None:
        """The event's id, once it is known."""
        return None if (read := self.envelope or self.replay) is None else read.event_id

    @property
    def replay_id(self) -> str | None:
        """The replay or redrive that sent this message; None when ingest did."""
        return self.message.arrival.replay_id if self.replay is None else self.replay.replay_id


@dataclass(frozen=True, kw_only=True)
class Processor:
    """Reads messages, and stores their events or has stored ones replayed."""

    store: EventStore
    payloads: Callable[[], PayloadStore]
    """Called when the first offloaded payload arrives: its client is not worth a cold start."""
    registry: Registry

    def read(self, delivery: Delivery) -> None:
        """Read the envelope, and prove the payload if it is in there; or read which event a replay asks for.

        Raises:
            InvalidEnvelope: Neither ingest nor a replay wrote it.
            PayloadHashMismatch: The payload is not the one that was accepted.
        """
        delivery.replay = decode_replay(delivery.message.body)
        if delivery.replay is not None:
            return
        envelope = delivery.envelope = read_envelope(delivery.message.body)
        if envelope.payload is not None:
            payload = inline_payload(envelope.payload)
            check_payload(envelope, payload)
            delivery.event = VerifiedEvent(envelope=envelope, payload=payload)

    def fits_together(self, delivery: Delivery) -> bool:
        """Tell whether nothing but the store's one statement is needed.

        That is: payload at hand, no user's code to run, no redrive to note.
        """
        if delivery.event is None or delivery.replay_id is not None:
            return False
        return not self._handlers(delivery.event.envelope)

    def store_together(self, deliveries: Sequence[Delivery], time: TimeLeft) -> None:
        """Store many events in one statement; on an error none is stored and none has ended.

        Raises:
            Exception: Whatever the store raises: the fault of one of them, or of none.
        """
        events = [delivery.event for delivery in deliveries if delivery.event is not None]
        claims = self.store.store(
            [event.envelope for event in events],
            arrivals=[delivery.message.arrival for delivery in deliveries],
            within_seconds=time.for_work(),
        )
        for delivery, event, claim in zip(deliveries, events, claims, strict=True):
            delivery.ended = _outcome_or_error(event, claim)

    def handle_alone(self, delivery: Delivery, time: TimeLeft) -> None:
        """Store one event, or replay it, in a transaction of its own, with everything its handlers do.

        Raises:
            Exception: Whatever the payload store, the event store or a handler raises.
        """
        if delivery.replay is not None:
            replayer = Replayer(store=self.store, payloads=self.payloads, registry=self.registry)
            delivery.ended = replayer.replay(delivery.replay, requested_at=delivery.message.queued_at, time=time)
            return
        if delivery.envelope is None:
            raise ValueError("a message must be read before its event is stored")
        event = delivery.event or self._fetch(delivery.envelope, time)
        delivery.event = event
        with bound(event_id=event.envelope.event_id, correlation_id=event.envelope.correlation_id):
            claim = self._claim(delivery, event, time)
        delivery.ended = _outcome_or_error(event, claim)

    def _claim(self, delivery: Delivery, event: VerifiedEvent, time: TimeLeft) -> Claim:
        handlers = self._handlers(event.envelope)
        arrival = delivery.message.arrival
        if handlers or arrival.replay_id is not None:
            return self.store.store_with(
                event.envelope, effect_of(event, handlers), arrival=arrival, within_seconds=time.for_work()
            )
        (claim,) = self.store.store([event.envelope], arrivals=[arrival], within_seconds=time.for_work())
        return claim

    def _fetch(self, envelope: Envelope, time: TimeLeft) -> VerifiedEvent:
        reference = envelope.payload_ref
        if reference is None:
            raise ValueError("an envelope without a payload carries a reference to it")
        payload = fetch_payload(envelope, reference, self.payloads(), within_seconds=time.for_work())
        wanted = bool(self._handlers(envelope))
        return VerifiedEvent(envelope=envelope, payload=payload if wanted else None)

    def _handlers(self, envelope: Envelope) -> tuple[Handler, ...]:
        return self.registry.handlers_for(envelope.type)


def _outcome_or_error(event: VerifiedEvent, claim: Claim) -> Outcome | EventIdReused:
    if claim.is_new:
        return Outcome.PROCESSED
    if claim.is_for(event.envelope):
        return Outcome.DUPLICATE
    return EventIdReused("An event with this id and other content is stored already.")
