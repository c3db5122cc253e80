"""An event inside the processor: as handlers see it, and as the store takes it."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from functions.common.envelope import Envelope


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a handler gets."""

    event_id: str
    type: str
    correlation_id: str
    """The same in the client's response, every log line and the stored row."""
    received_at: datetime
    """When the API accepted the event, UTC."""
    payload_text: str = field(repr=False)
    """The payload exactly as the client wrote it: JSON text."""
    source: str | None = None
    user_id: str | None = field(default=None, repr=False)
    schema_version: str | None = None
    occurred_at: datetime | None = None
    """When it happened, by the client's own clock, UTC."""
    attributes: dict[str, str] = field(default_factory=dict)
    """CloudEvents context attributes that have no field of their own."""
    replay_id: str | None = None
    """The replay that brings a stored event once more; None for an event that is only now being stored."""

    @cached_property
    def payload(self) -> Any:
        """The payload, parsed at first use. Numbers become `int` or `float`; of duplicate keys the last one wins."""
        return json.loads(self.payload_text)


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedEvent:
    """An event whose payload is, byte for byte, the one that ingest accepted."""

    envelope: Envelope
    payload: bytes | None
    """None once nobody will read it: the stored row of an offloaded payload is a reference."""

    def for_handlers(self, *, replay_id: str | None = None) -> Event:
        """Return the event as handlers see it, in a replay or when it is stored."""
        if self.payload is None:
            raise ValueError("the payload was not kept, because no handler wanted it")
        envelope = self.envelope
        return Event(
            event_id=envelope.event_id,
            type=envelope.type,
            correlation_id=envelope.correlation_id,
            received_at=envelope.received_at,
            payload_text=self.payload.decode(),
            source=envelope.source,
            user_id=envelope.user_id,
            schema_version=envelope.schema_version,
            occurred_at=envelope.occurred_at,
            attributes=dict(envelope.attributes or {}),
            replay_id=replay_id,
        )
