"""The use case of a replay: a stored event is handled once more, by the handlers that ask for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from functions.common.envelope import Envelope
from functions.common.errors import EventNotFound
from functions.common.log import bound
from functions.common.names import Outcome
from functions.common.replay import ReplayRequest
from functions.processor.event import VerifiedEvent
from functions.processor.ports import Effect, EventStore, PayloadStore
from functions.processor.registry import Handler, Registry
from functions.processor.time_left import TimeLeft
from functions.processor.verify import check_payload, fetch_payload, inline_payload


@dataclass(frozen=True, kw_only=True)
class Replayer:
    """Replays events."""

    store: EventStore
    payloads: Callable[[], PayloadStore]
    registry: Registry

    def replay(self, request: ReplayRequest, *, requested_at: datetime, time: TimeLeft) -> Outcome:
        """Handle the event again, unless this replay has done so before.

        Raises:
            EventNotFound: It was erased, or retention removed it, or it never was.
            Exception: Whatever the event store, the payload store or a handler raises.
        """
        named = {"event_id": request.event_id, "correlation_id": request.correlation_id}
        with bound(**named, replay_id=request.replay_id):
            envelope = self.store.find(request.event_id, request.received_at, within_seconds=time.for_work())
            if envelope is None:
                raise EventNotFound("The event to replay is not stored: it was erased, or has expired, or never was.")
            handlers = self.registry.handlers_for(envelope.type, replay=True)
            # Before the transaction: a slow bucket must not keep it open. The store looks for the event again in it.
            event = VerifiedEvent(envelope=envelope, payload=self._payload(envelope, time) if handlers else None)
            is_new = self.store.replay(
                request,
                effect_of(event, handlers, replay_id=request.replay_id),
                requested_at=requested_at,
                within_seconds=time.for_work(),
            )
        return Outcome.PROCESSED if is_new else Outcome.DUPLICATE

    def _payload(self, envelope: Envelope, time: TimeLeft) -> bytes:
        if envelope.payload_ref is not None:
            return fetch_payload(envelope, envelope.payload_ref, self.payloads(), within_seconds=time.for_work())
        payload = inline_payload(envelope.payload or "")
        check_payload(envelope, payload)
        return payload


def effect_of(event: VerifiedEvent, handlers: Sequence[Handler], *, replay_id: str | None = None) -> Effect:
    """Return what handlers do with an event, as something that a transaction can run."""

    def effect(connection: psycopg.Connection[Any]) -> None:
        if not handlers:  # Then nobody fetched the payload either.
            return
        seen = event.for_handlers(replay_id=replay_id)
        for handler in handlers:
            handler(seen, connection)

    return effect
