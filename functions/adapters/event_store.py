"""Writes `events` and `idempotency_keys` for the processor: the claim and the effect are one transaction."""

import json
from collections.abc import Sequence
from typing import Any

from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from functions.adapters.postgres import Connection, Database
from functions.adapters.sql import query
from functions.common.envelope import Envelope
from functions.common.errors import DatabaseBusy
from functions.processor.ports import Claim, Effect, Failure

STORE_EVENTS = query("store_events")
FIND_COMPLETED = query("find_completed")
RECORD_FAILURE = query("record_failure")


class PostgresEventStore:
    """The processor's `EventStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, events: Sequence[Envelope], *, within_seconds: float) -> list[Claim]:
        """See the port."""
        with self._database.connection(within_seconds=within_seconds) as connection:
            return _claim(connection, events)

    def store_with(self, event: Envelope, effect: Effect, *, within_seconds: float) -> Claim:
        """See the port. `connection.transaction()` keeps the effect from committing by itself."""
        with (
            self._database.connection(within_seconds=within_seconds, for_handlers=True) as connection,
            connection.transaction(),
        ):
            (claim,) = _claim(connection, [event])
            if claim.is_new:
                effect(connection)
                _require_open_transaction(connection)
        return claim

    def record_failure(self, failure: Failure, *, within_seconds: float) -> None:
        """See the port."""
        envelope = failure.envelope
        values = {
            "event_id": envelope.event_id,
            "payload_sha256": envelope.payload_sha256,
            "content_sha256": envelope.content_sha256,
            "received_at": envelope.received_at,
            "status": failure.status.value,
            "code": failure.code,
            "message": failure.message,
            # These may be the very texts that PostgreSQL refused.
            "type": _storable(envelope.type),
            "source": _storable(envelope.source),
            "user_id": _storable(envelope.user_id),
            "correlation_id": envelope.correlation_id,
        }
        with self._database.connection(within_seconds=within_seconds) as connection:
            connection.execute(RECORD_FAILURE, values)


def _require_open_transaction(connection: Connection) -> None:
    """Refuse to commit what PostgreSQL would roll back without a word.

    After a statement that failed, COMMIT answers ROLLBACK and raises nothing; an effect that caught the statement's
    error would let the event be acknowledged without having been stored.

    Raises:
        RuntimeError: The effect swallowed a database error or ended the transaction: a bug, so it is retried.
    """
    if connection.info.transaction_status is not TransactionStatus.INTRANS:
        raise RuntimeError("a handler swallowed a database error, or ended the transaction it was given")


def _claim(connection: Connection, events: Sequence[Envelope]) -> list[Claim]:
    """Store the events that are new, and say of each what its id stands for; a clean batch is one round trip."""
    rows = json.dumps([_row(position, event) for position, event in enumerate(events)])
    claimed = _hashes(connection, STORE_EVENTS, {"events": rows})
    others = sorted({event.event_id for event in events} - claimed.keys())
    known = _hashes(connection, FIND_COMPLETED, {"event_ids": others}) if others else {}
    claims = []
    unclaimed = set(claimed)
    for event in events:
        stored = claimed.get(event.event_id) or known.get(event.event_id)
        if stored is None:
            raise DatabaseBusy("The event's key disappeared while it was being claimed.")
        # Of several deliveries in one batch, the first is the one that was stored.
        payload_sha256, content_sha256 = stored
        is_new = event.event_id in unclaimed
        claims.append(Claim(is_new=is_new, payload_sha256=payload_sha256, content_sha256=content_sha256))
        unclaimed.discard(event.event_id)
    return claims


def _hashes(connection: Connection, statement: bytes, values: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    # A cursor of our own: a handler may have set another row factory on the connection, which outlives its transaction.
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {
            event_id: (bytes(payload).hex(), None if content is None else bytes(content).hex())
            for event_id, payload, content in cursor.execute(statement, values)
        }


def _row(position: int, event: Envelope) -> dict[str, Any]:
    reference = event.payload_ref
    return {
        "position": position,
        "event_id": event.event_id,
        "received_at": event.received_at.isoformat(),
        "type": event.type,
        "source": event.source,
        "user_id": event.user_id,
        "correlation_id": event.correlation_id,
        "schema_version": event.schema_version,
        "occurred_at": event.occurred_at and event.occurred_at.isoformat(),
        "attributes": event.attributes,
        "payload": event.payload,
        "payload_ref": reference and {"bucket": reference.bucket, "key": reference.key},
        "payload_bytes": event.payload_bytes,
        "payload_sha256": event.payload_sha256,
        "content_sha256": event.content_sha256,
    }


def _storable(text: str | None) -> str | None:
    """Replace what text in PostgreSQL cannot hold: NUL and halves of surrogate pairs."""
    if text is None:
        return None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
