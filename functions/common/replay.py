"""A message that asks for a stored event to be handled once more.

It names the event and carries nothing of it, so a replay can neither bring back an event that was erased nor change
one: the processor reads what is stored, or finds that nothing is.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from functions.common.envelope import MessageAttributes
from functions.common.errors import InvalidEnvelope
from functions.common.identifiers import is_identifier
from functions.common.names import ENVELOPE_VERSION, MessageAttribute

KIND = "replay"
"""What tells such a message from an event's, whose envelope names no kind."""

REDRIVE_PREFIX = "redrive-"
"""How the ids of redrives begin: those send an event's own message again, replays only name a stored event."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayRequest:
    """One event of one replay."""

    replay_id: str
    """Of the replay as a whole; within one, no event is handled twice."""
    event_id: str
    received_at: datetime
    """As the event's row has it: it says which partition holds the row."""
    type: str
    correlation_id: str
    """The event's own, so that its replay is found beside it."""


_REQUEST = TypeAdapter(ReplayRequest)


def encode_replay(request: ReplayRequest) -> str:
    """Return the message body: ASCII only."""
    fields = {
        "version": ENVELOPE_VERSION,
        "kind": KIND,
        "replay_id": request.replay_id,
        "event_id": request.event_id,
        "received_at": request.received_at.isoformat(),
        "type": request.type,
        "correlation_id": request.correlation_id,
    }
    return json.dumps(fields, separators=(",", ":"))


def replay_attributes(request: ReplayRequest) -> MessageAttributes:
    """Return the message's attributes: those of the event's own message, and the replay's id."""
    values = {
        MessageAttribute.CORRELATION_ID: request.correlation_id,
        MessageAttribute.ENVELOPE_VERSION: ENVELOPE_VERSION,
        MessageAttribute.EVENT_TYPE: request.type,
        MessageAttribute.REPLAY_ID: request.replay_id,
    }
    return {name.value: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def decode_replay(body: str) -> ReplayRequest | None:
    """Read a message body; None when it is an event's, or nobody's.

    Raises:
        InvalidEnvelope: It is a replay's, and not one that `encode_replay` writes.
    """
    fields = _object_in(body)
    if fields is None or fields.pop("kind", None) != KIND:
        return None
    version = fields.pop("version", None)
    if version != ENVELOPE_VERSION:
        raise InvalidEnvelope(f"The replay's version is {version!r:.40}, expected {ENVELOPE_VERSION!r}.")
    try:
        request = _REQUEST.validate_python(fields)
    except ValidationError as error:
        # The values stay out of the message: errors end up in logs and in the dead-letter queue.
        wrong = ", ".join(".".join(map(str, item["loc"])) or "message" for item in error.errors(include_url=False))
        raise InvalidEnvelope(f"The replay's fields are not valid: {wrong}.") from None
    identifiers = (request.replay_id, request.event_id, request.correlation_id)
    if request.received_at.tzinfo is None or not all(map(is_identifier, identifiers)):
        raise InvalidEnvelope("The replay names an id or a time that no event can have.")
    return request


def _object_in(body: str) -> dict[str, Any] | None:
    # Looking for the word first spares reading every event's message twice.
    if f'"{KIND}"' not in body[:_KIND_WITHIN]:
        return None
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


_KIND_WITHIN = 64
"""`encode_replay` writes the kind second, and an event's message has its id there."""
