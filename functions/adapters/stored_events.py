"""Reads `events` and `idempotency_keys` for the query function: read-only, bound parameters, no offsets."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from functions.adapters.postgres import translate_errors
from functions.common.envelope import PayloadReference
from functions.common.names import EventStatus
from functions.query.ports import EventFilters, EventSummary, Order, PageKey, StoredEvent

# API Gateway gives up after 29 seconds, and borrowing a connection may have taken seven of them. PostgreSQL ends a slow
# statement first; the other limit is for a server that no longer answers at all.
WORK_TIMEOUT_SECONDS = 20.0
LIMIT_TIME = sql.SQL("SET LOCAL statement_timeout = '15s'")

# The key's received_at chooses the partition. As a scalar subquery it is known before the scan of `events` starts,
# so all other partitions are pruned whichever way the planner joins the two tables.
FIND_EVENT = sql.SQL("""
SELECT k.event_id, k.received_at, k.status, k.payload_sha256, k.attempts, k.errors,
       k.first_seen_at, k.updated_at, k.completed_at,
       COALESCE(e.type, k.type) AS type, COALESCE(e.source, k.source) AS source,
       COALESCE(e.user_id, k.user_id) AS user_id, COALESCE(e.correlation_id, k.correlation_id) AS correlation_id,
       e.schema_version, e.occurred_at, e.processed_at, e.payload_bytes, e.payload_ref->>'key' AS payload_key,
       e.attributes, e.payload::text AS payload, e.payload_ref, e.event_id IS NOT NULL AS is_stored
  FROM idempotency_keys AS k
  LEFT JOIN events AS e
    ON e.event_id = %(event_id)s
   AND e.received_at = (SELECT received_at FROM idempotency_keys WHERE event_id = %(event_id)s)
 WHERE k.event_id = %(event_id)s
""")

# Retention may remove a key before its event. What the key would say is then filled in from the event.
_STORED_COLUMNS = sql.SQL("""
       e.event_id, e.received_at, 'completed' AS status, e.payload_sha256,
       COALESCE(k.attempts, 1) AS attempts, COALESCE(k.errors, '[]') AS errors,
       COALESCE(k.first_seen_at, e.processed_at) AS first_seen_at,
       COALESCE(k.updated_at, e.processed_at) AS updated_at,
       COALESCE(k.completed_at, e.processed_at) AS completed_at,
       e.type, e.source, e.user_id, e.correlation_id,
       e.schema_version, e.occurred_at, e.processed_at, e.payload_bytes, e.payload_ref->>'key' AS payload_key""")

# One index probe in every partition, but only for ids without a key: unknown ones, and those of very old events.
FIND_EVENT_WITHOUT_KEY = sql.SQL("""
SELECT {columns}, e.attributes, e.payload::text AS payload, e.payload_ref, true AS is_stored
  FROM events AS e LEFT JOIN idempotency_keys AS k USING (event_id)
 WHERE e.event_id = %(event_id)s
 ORDER BY e.received_at DESC LIMIT 1
""").format(columns=_STORED_COLUMNS)

# The page is cut before the keys are joined, so the join touches no more rows than the answer holds.
PAGE_OF_STORED_EVENTS = sql.SQL("""
WITH page AS (
    SELECT event_id, received_at, payload_sha256, type, source, user_id, correlation_id,
           schema_version, occurred_at, processed_at, payload_bytes, payload_ref
      FROM events WHERE {conditions}
     ORDER BY received_at {direction}, event_id {direction} LIMIT %(rows)s
)
SELECT {columns}
  FROM page AS e LEFT JOIN idempotency_keys AS k USING (event_id)
 ORDER BY e.received_at {direction}, e.event_id {direction}
""")

PAGE_OF_FAILED_EVENTS = sql.SQL("""
SELECT event_id, received_at, status, payload_sha256, attempts, errors, first_seen_at, updated_at, completed_at,
       type, source, user_id, correlation_id, NULL AS schema_version, NULL AS occurred_at, NULL AS processed_at,
       NULL AS payload_bytes, NULL AS payload_key
  FROM idempotency_keys WHERE status = %(status)s AND {conditions}
 ORDER BY received_at {direction}, event_id {direction} LIMIT %(rows)s
""")

_FILTER_CONDITIONS = {
    "type": sql.SQL("type = %(type)s"),
    "source": sql.SQL("source = %(source)s"),
    "user_id": sql.SQL("user_id = %(user_id)s"),
    "correlation_id": sql.SQL("correlation_id = %(correlation_id)s"),
    "received_from": sql.SQL("received_at >= %(received_from)s"),
    "received_before": sql.SQL("received_at < %(received_before)s"),
}
# The row comparison is the place in the list; the plain one repeats half of it, because only that prunes partitions.
_AFTER = {
    Order.NEWEST: sql.SQL(
        "received_at <= %(after_received_at)s AND (received_at, event_id) < (%(after_received_at)s, %(after_event_id)s)"
    ),
    Order.OLDEST: sql.SQL(
        "received_at >= %(after_received_at)s AND (received_at, event_id) > (%(after_received_at)s, %(after_event_id)s)"
    ),
}
# Every index is read forwards for the one and backwards for the other.
_DIRECTIONS = {Order.NEWEST: sql.SQL("DESC"), Order.OLDEST: sql.SQL("ASC")}


class Connections(Protocol):
    """A pool of connections."""

    def connection(self, *, within_seconds: float) -> AbstractContextManager[psycopg.Connection[Any]]:
        """Lend one until the block ends."""


@contextmanager
def reading(connections: Connections) -> Iterator[psycopg.Cursor[DictRow]]:
    """Lend a cursor in a transaction that can neither write nor outlast the API's patience.

    Raises:
        TransientError: PostgreSQL did not answer in time.
    """
    with translate_errors(), connections.connection(within_seconds=WORK_TIMEOUT_SECONDS) as connection:
        connection.read_only = True  # Becomes part of BEGIN, so it costs no round trip.
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(LIMIT_TIME)
            yield cursor


def page_query(
    filters: EventFilters, *, after: PageKey | None, rows: int, order: Order = Order.NEWEST
) -> tuple[sql.Composed, dict[str, str | int | datetime | None]]:
    """Return the statement for one page, with only the conditions that are asked for, and its parameters."""
    wanted = {name: getattr(filters, name) for name in _FILTER_CONDITIONS if getattr(filters, name) is not None}
    values = wanted | {"rows": rows, "status": filters.status.value}
    conditions = [_FILTER_CONDITIONS[name] for name in wanted]
    if after is not None:
        values |= {"after_received_at": after.received_at, "after_event_id": after.event_id}
        conditions.append(_AFTER[order])
    where = sql.SQL(" AND ").join(conditions or [sql.SQL("true")])
    direction = _DIRECTIONS[order]
    if filters.status is EventStatus.COMPLETED:
        return PAGE_OF_STORED_EVENTS.format(columns=_STORED_COLUMNS, conditions=where, direction=direction), values
    return PAGE_OF_FAILED_EVENTS.format(conditions=where, direction=direction), values


class PostgresStoredEvents:
    """`StoredEvents` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def find(self, event_id: str) -> StoredEvent | None:
        """See the port."""
        with reading(self._connections) as cursor:
            row = cursor.execute(FIND_EVENT, {"event_id": event_id}).fetchone()
            if row is None:
                row = cursor.execute(FIND_EVENT_WITHOUT_KEY, {"event_id": event_id}).fetchone()
        # A key may also outlive its event, when retention has dropped the partition; then the event is gone.
        if row is None or (row["status"] == EventStatus.COMPLETED and not row["is_stored"]):
            return None
        reference = row["payload_ref"]
        return StoredEvent(
            summary=_summary(row),
            attributes=row["attributes"],
            payload=row["payload"],
            payload_ref=reference and PayloadReference(bucket=reference["bucket"], key=reference["key"]),
        )

    def page(
        self, filters: EventFilters, *, after: PageKey | None, rows: int, order: Order = Order.NEWEST
    ) -> list[EventSummary]:
        """See the port."""
        query, values = page_query(filters, after=after, rows=rows, order=order)
        with reading(self._connections) as cursor:
            found = cursor.execute(query, values).fetchall()
        return [_summary(row) for row in found]


def _summary(row: DictRow) -> EventSummary:
    return EventSummary(
        event_id=row["event_id"],
        received_at=row["received_at"],
        status=EventStatus(row["status"]),
        payload_sha256=bytes(row["payload_sha256"]),
        attempts=row["attempts"],
        errors=tuple(row["errors"]),
        first_seen_at=row["first_seen_at"],
        updated_at=row["updated_at"],
        completed_at=row["completed_at"],
        type=row["type"],
        source=row["source"],
        user_id=row["user_id"],
        correlation_id=row["correlation_id"],
        schema_version=row["schema_version"],
        occurred_at=row["occurred_at"],
        processed_at=row["processed_at"],
        payload_bytes=row["payload_bytes"],
        payload_key=row["payload_key"],
    )
