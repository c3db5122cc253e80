"""Reads what the processor wrote down of one event: key, row and replays, in one statement."""

from typing import Any

from psycopg import sql

from functions.adapters.stored_events import Connections, reading
from functions.common.events import parse_timestamp
from functions.common.names import EventStatus
from functions.query.ports import EventHistory, FailedAttempt, Replay

# As in FIND_EVENT the key's received_at chooses the partition, and is known before `events` is scanned. The second half
# is for events whose key retention has removed: one index probe in every partition, but not run where there is a key.
FIND_HISTORY = sql.SQL("""
WITH key AS MATERIALIZED (
    SELECT received_at, status, attempts, errors, queued_at, completed_at, correlation_id
      FROM idempotency_keys WHERE event_id = %(event_id)s
), replayed AS (
    SELECT jsonb_agg(to_jsonb(r) ORDER BY r.requested_at, r.replay_id) AS replays
      FROM replays AS r WHERE r.event_id = %(event_id)s
)
SELECT k.received_at, k.status, k.attempts, k.errors, k.queued_at, k.completed_at,
       COALESCE(e.correlation_id, k.correlation_id) AS correlation_id,
       COALESCE(replayed.replays, '[]') AS replays, e.event_id IS NOT NULL AS is_stored
  FROM key AS k CROSS JOIN replayed
  LEFT JOIN events AS e ON e.event_id = %(event_id)s AND e.received_at = (SELECT received_at FROM key)
 UNION ALL (
SELECT e.received_at, 'completed', NULL, '[]', NULL, e.processed_at, e.correlation_id, '[]', true
  FROM events AS e
 WHERE e.event_id = %(event_id)s AND NOT EXISTS (SELECT FROM key)
 ORDER BY e.received_at DESC LIMIT 1)
""")


class PostgresEventHistories:
    """`EventHistories` on PostgreSQL."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def history(self, event_id: str) -> EventHistory | None:
        """See the port."""
        with reading(self._connections) as cursor:
            row = cursor.execute(FIND_HISTORY, {"event_id": event_id}).fetchone()
        # A key may also outlive its event, when retention has dropped the partition; then the event is gone.
        if row is None or (row["status"] == EventStatus.COMPLETED and not row["is_stored"]):
            return None
        return EventHistory(
            event_id=event_id,
            received_at=row["received_at"],
            status=EventStatus(row["status"]),
            correlation_id=row["correlation_id"],
            attempts=row["attempts"],
            queued_at=row["queued_at"],
            completed_at=row["completed_at"],
            failures=tuple(map(_failure, row["errors"])),
            replays=tuple(map(_replay, row["replays"])),
        )


def _failure(entry: dict[str, Any]) -> FailedAttempt:
    # Rows from before timelines have the first four only.
    queued_at = entry.get("queued_at")
    return FailedAttempt(
        at=parse_timestamp(entry["at"]),
        code=entry["code"],
        message=entry["message"],
        attempt=entry["attempt"],
        queued_at=None if queued_at is None else parse_timestamp(queued_at),
        outcome=entry.get("outcome"),
        replay_id=entry.get("replay_id"),
    )


def _replay(row: dict[str, Any]) -> Replay:
    return Replay(
        replay_id=row["replay_id"],
        requested_at=parse_timestamp(row["requested_at"]),
        processed_at=parse_timestamp(row["processed_at"]),
    )
