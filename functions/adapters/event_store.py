"""Writes `events` and `idempotency_keys` for the processor: the claim and the effect are one transaction."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row, tuple_row

from functions.adapters.postgres import Connection, Database
from functions.adapters.sql import query
from functions.common.envelope import Envelope, PayloadReference
from functions.common.errors import DatabaseBusy, EventNotFound
from functions.common.replay import ReplayRequest
from functions.processor.ports import Arrival, Claim, Effect, Failure

STORE_EVENTS = query("store_events")
FIND_COMPLETED = query("find_completed")
FIND_EVENT = query("find_event")
NOTE_REPLAY = query("note_replay")
RECORD_FAILURE = query("record_failure")


class PostgresEventStore:
    """The processor's `EventStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(
        self, events: Sequence[Envelope], *, arrivals: Sequence[Arrival] = (), within_seconds: float
    ) -> list[Claim]:
        """See the port."""
        with self._database.connection(within_seconds=within_seconds) as connection:
            return _claim(connection, events, arrivals)

    def store_with(
        self, event: Envelope, effect: Effect, *, arrival: Arrival | None = None, within_seconds: float
    ) -> Claim:
        """See the port. `connection.transaction()` keeps the effect from committing by itself."""
        with (
            self._database.connection(within_seconds=within_seconds, for_handlers=True) as connection,
            connection.transaction(),
        ):
            (claim,) = _claim(connection, [event], () if arrival is None else (arrival,))
            if arrival is not None and arrival.replay_id is not None and claim.is_for(event):
                _note_replay(connection, event.event_id, arrival.replay_id, arrival.queued_at)
            if claim.is_new:
                effect(connection)
                _require_open_transaction(connection)
        return claim

    def find(self, event_id: str, received_at: datetime, *, within_seconds: float) -> Envelope | None:
        """See the port."""
        with self._database.connection(within_seconds=within_seconds) as connection:
            return _find(connection, event_id, received_at)

    def replay(self, request: ReplayRequest, effect: Effect, *, requested_at: datetime, within_seconds: float) -> bool:
        """See the port."""
        with (
            self._database.connection(within_seconds=within_seconds, for_handlers=True) as connection,
            connection.transaction(),
        ):
            try:
                is_new = _note_replay(connection, request.event_id, request.replay_id, requested_at)
            except errors.ForeignKeyViolation as error:
                raise EventNotFound("The event was deleted before it could be replayed.") from error
            if is_new:
                # Only now, with its key locked, is it certain that the event stays until the effect is committed.
                if _find(connection, request.event_id, request.received_at) is None:
                    raise EventNotFound("The event was deleted before it could be replayed.")
                effect(connection)
                _require_open_transaction(connection)
        return is_new

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
            "queued_at": failure.arrival and failure.arrival.queued_at,
            "replay_id": failure.arrival and failure.arrival.replay_id,
            "outcome": failure.outcome.value,
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


def _claim(connection: Connection, events: Sequence[Envelope], arrivals: Sequence[Arrival]) -> list[Claim]:
    """Store the events that are new, and say of each what its id stands for; a clean batch is one round trip."""
    came: Sequence[Arrival | None] = arrivals or [None] * len(events)
    rows = json.dumps(
        [_row(position, event, arrival) for position, (event, arrival) in enumerate(zip(events, came, strict=True))]
    )
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


def _note_replay(connection: Connection, event_id: str, replay_id: str, requested_at: datetime) -> bool:
    """Return whether it was not on record yet."""
    noted = connection.execute(
        NOTE_REPLAY, {"event_id": event_id, "replay_id": replay_id, "requested_at": requested_at}
    )
    return noted.rowcount == 1


def _find(connection: Connection, event_id: str, received_at: datetime) -> Envelope | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(FIND_EVENT, {"event_id": event_id, "received_at": received_at}).fetchone()
    if row is None:
        return None
    reference = row.pop("payload_ref")
    # PostgreSQL answers in the session's time zone, whatever that is.
    times = {name: row.pop(name) for name in ("received_at", "occurred_at")}
    return Envelope(
        **row,
        **{name: value and value.astimezone(UTC) for name, value in times.items()},
        payload_ref=reference and PayloadReference(**reference),
    )


def _row(position: int, event: Envelope, arrival: Arrival | None) -> dict[str, Any]:
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
        "queued_at": arrival and arrival.queued_at.isoformat(),
    }


def _storable(text: str | None) -> str | None:
    """Replace what text in PostgreSQL cannot hold: NUL and halves of surrogate pairs."""
    if text is None:
        return None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
