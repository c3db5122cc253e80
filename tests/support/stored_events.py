"""Builders of stored events, and of the rows that hold them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Json, Jsonb

from functions.common.envelope import PayloadReference
from functions.common.names import EventStatus
from functions.query.ports import EventSummary, StoredEvent

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
PAYLOAD = '{"n": 1.50, "n": 2}'
"""Two spellings that a parser would not bring back: a trailing zero and a duplicate key."""


def a_summary(event_id: str = "e-1", **changes: Any) -> EventSummary:
    """A completed event with every field set."""
    received_at = changes.pop("received_at", NOON)
    fields: dict[str, Any] = {
        "received_at": received_at,
        "status": EventStatus.COMPLETED,
        "payload_sha256": hashlib.sha256(PAYLOAD.encode()).digest(),
        "attempts": 1,
        "first_seen_at": received_at + timedelta(seconds=1),
        "updated_at": received_at + timedelta(seconds=2),
        "completed_at": received_at + timedelta(seconds=2),
        "type": "order.created",
        "source": "shop",
        "user_id": "u-1",
        "correlation_id": "c-1",
        "schema_version": "1",
        "occurred_at": received_at - timedelta(seconds=1),
        "processed_at": received_at + timedelta(seconds=2),
        "payload_bytes": len(PAYLOAD),
    }
    return EventSummary(event_id=event_id, **fields | changes)


def a_stored_event(event_id: str = "e-1", **changes: Any) -> StoredEvent:
    """A completed event with its payload inline; `payload_ref` moves it to S3."""
    payload_ref: PayloadReference | None = changes.pop("payload_ref", None)
    payload = changes.pop("payload", PAYLOAD if payload_ref is None else None)
    attributes = changes.pop("attributes", {"subject": "order 7"})
    changes["payload_key"] = payload_ref and payload_ref.key
    return StoredEvent(
        summary=a_summary(event_id, **changes), attributes=attributes, payload=payload, payload_ref=payload_ref
    )


def an_error(attempt: int = 1, code: str = "handler_refused", message: str = "Out of stock.") -> dict[str, Any]:
    """One entry of an error history."""
    return {"at": "2026-11-23T12:00:01.000000+00:00", "code": code, "message": message, "attempt": attempt}


def a_failed_event(event_id: str = "e-1", **changes: Any) -> StoredEvent:
    """A dead-lettered event, of which only the key exists."""
    fields: dict[str, Any] = {
        "status": EventStatus.DEAD_LETTERED,
        "attempts": 2,
        "errors": (an_error(1), an_error(2)),
        "completed_at": None,
        "schema_version": None,
        "occurred_at": None,
        "processed_at": None,
        "payload_bytes": None,
    }
    return StoredEvent(summary=a_summary(event_id, **fields | changes))


def a_payload_reference() -> PayloadReference:
    """Where a large payload lies."""
    return PayloadReference(bucket="payloads", key=f"payloads/2026/11/23/e-1/{'a' * 64}.json")


_INSERT_KEY = """
INSERT INTO idempotency_keys (event_id, payload_sha256, status, attempts, first_seen_at, updated_at, completed_at,
                              received_at, last_error_code, errors, type, source, user_id, correlation_id)
VALUES (%(event_id)s, %(payload_sha256)s, %(status)s, %(attempts)s, %(first_seen_at)s, %(updated_at)s,
        %(completed_at)s, %(received_at)s, %(last_error_code)s, %(errors)s, %(type)s, %(source)s, %(user_id)s,
        %(correlation_id)s)
"""
_INSERT_EVENT = """
INSERT INTO events (event_id, received_at, type, source, user_id, correlation_id, schema_version, occurred_at,
                    processed_at, attributes, payload, payload_ref, payload_bytes, payload_sha256)
VALUES (%(event_id)s, %(received_at)s, %(type)s, %(source)s, %(user_id)s, %(correlation_id)s, %(schema_version)s,
        %(occurred_at)s, %(processed_at)s, %(attributes)s, %(payload)s, %(payload_ref)s, %(payload_bytes)s,
        %(payload_sha256)s)
"""


def insert(connection: psycopg.Connection[Any], *events: StoredEvent, with_keys: bool = True) -> None:
    """Write events as the processor leaves them: a key each, and a row in `events` for the completed ones."""
    rows = [_row(event) for event in events]
    with connection.transaction(), connection.cursor() as cursor:
        if with_keys:
            cursor.executemany(_INSERT_KEY, [row | _NOT_IN_A_COMPLETED_KEY if _is_stored(row) else row for row in rows])
        cursor.executemany(_INSERT_EVENT, [row for row in rows if _is_stored(row)])


# The processor fills these only when it records a failure; a completed event has them in `events`.
_NOT_IN_A_COMPLETED_KEY = dict.fromkeys(("type", "source", "user_id", "correlation_id"))


def _is_stored(row: dict[str, Any]) -> bool:
    return row["status"] == EventStatus.COMPLETED


def _row(event: StoredEvent) -> dict[str, Any]:
    summary = event.summary
    row: dict[str, Any] = {name: getattr(summary, name) for name in EventSummary.__dataclass_fields__}
    reference = event.payload_ref
    return row | {
        "status": summary.status.value,
        "errors": Jsonb(list(summary.errors)),
        "last_error_code": summary.errors[-1]["code"] if summary.errors else None,
        "attributes": None if event.attributes is None else Jsonb(event.attributes),
        "payload": None if event.payload is None else Json(event.payload, dumps=str),
        "payload_ref": None if reference is None else Jsonb({"bucket": reference.bucket, "key": reference.key}),
    }
