"""An event inside the processor: as handlers see it, and as the store takes it."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from functions.common.envelope import Envelope
from functions.common.errors import PayloadNotJson


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
    payload_json: str | None = field(default=None, repr=False)
    """The payload in the schema version that the handler asked for: JSON text; None when it asked for none."""
    source: str | None = None
    user_id: str | None = field(default=None, repr=False)
    schema_version: str | None = None
    """What the client named, also when the handler asked for another version."""
    occurred_at: datetime | None = None
    """When it happened, by the client's own clock, UTC."""
    attributes: dict[str, str] = field(default_factory=dict)
    """CloudEvents context attributes that have no field of their own."""
    replay_id: str | None = None
    """The replay that brings a stored event once more; None for an event that is only now being stored."""

    @cached_property
    def payload(self) -> Any:
        """The payload, parsed at first use. Numbers become `int` or `float`; of duplicate keys the last one wins.

        It is in the version that the handler asked for, or as it was sent when it asked for none.

        Raises:
            PayloadNotJson: It was uploaded, so nobody has read it before, and it is none.
        """
        try:
            return json.loads(self.payload_json or self.payload_text)
        except ValueError as error:
            # Where, and never what: a decoder's own words may hold a piece of it.
            raise PayloadNotJson(f"The payload is no JSON{_place(error)}.") from None
        except RecursionError:
            raise PayloadNotJson("The payload is nested too deeply to be read.") from None


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifiedEvent:
    """An event whose payload is, byte for byte, the one that ingest accepted."""

    envelope: Envelope
    payload: bytes | None
    """None once nobody will read it: the stored row of an offloaded payload is a reference."""

    def for_handlers(self, *, replay_id: str | None = None) -> Event:
        """Return the event as handlers see it, in a replay or when it is stored.

        Raises:
            PayloadNotJson: The payload was uploaded, and is no text.
        """
        if self.payload is None:
            raise ValueError("the payload was not kept, because no handler wanted it")
        envelope = self.envelope
        try:
            text = self.payload.decode()
        except UnicodeDecodeError as error:
            raise PayloadNotJson(f"The payload is not UTF-8 at byte {error.start}.") from None
        return Event(
            event_id=envelope.event_id,
            type=envelope.type,
            correlation_id=envelope.correlation_id,
            received_at=envelope.received_at,
            payload_text=text,
            source=envelope.source,
            user_id=envelope.user_id,
            schema_version=envelope.schema_version,
            occurred_at=envelope.occurred_at,
            attributes=dict(envelope.attributes or {}),
            replay_id=replay_id,
        )


def _place(error: ValueError) -> str:
    return f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
