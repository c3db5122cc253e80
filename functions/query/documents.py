"""What is stored, written as the JSON documents that `openapi.yaml` promises."""

import json
from datetime import UTC, datetime
from typing import Any

from functions.query.ports import EventSummary, StoredEvent


def summary_document(event: EventSummary) -> dict[str, Any]:
    """Return an event as a page shows it: without payload and attributes, whose size has no small bound."""
    return {
        "event_id": event.event_id,
        "status": event.status.value,
        "type": event.type,
        "source": event.source,
        "user_id": event.user_id,
        "correlation_id": event.correlation_id,
        "schema_version": event.schema_version,
        "occurred_at": time_text(event.occurred_at),
        "received_at": time_text(event.received_at),
        "processed_at": time_text(event.processed_at),
        "payload_bytes": event.payload_bytes,
        "payload_sha256": event.payload_sha256.hex(),
        "payload_key": event.payload_key,
        "attempts": event.attempts,
        "errors": [{name: entry[name] for name in ("at", "code", "message", "attempt")} for entry in event.errors],
        "first_seen_at": time_text(event.first_seen_at),
        "updated_at": time_text(event.updated_at),
        "completed_at": time_text(event.completed_at),
    }


def event_text(event: StoredEvent, *, payload_url: str | None) -> str:
    """Return one event as JSON text, its payload as the client wrote it.

    The payload's text is put in as it is: reading and writing it again would change the spelling of numbers and lose
    all but the last of duplicate keys. An answer may have 6 MB; an inline payload has at most 1,000,000 bytes, and
    those are counted in the queue message, where its text is escaped just as in the answer, so it always fits.
    """
    document = summary_document(event.summary) | {"attributes": event.attributes}
    if payload_url is not None:
        document["payload_url"] = payload_url
    text = json.dumps(document)
    return text if event.payload is None else f'{text[:-1]}, "payload": {event.payload}}}'


def time_text(moment: datetime | None) -> str | None:
    """Return a moment as every answer writes it: in UTC, to the microsecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
