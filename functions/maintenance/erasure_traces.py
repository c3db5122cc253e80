"""Removes a user from `events` and `idempotency_keys`, a few rows at a time.

Each step is one short transaction that also counts what it did: killed at any point, nothing is counted twice and the
next run goes on. Keys of stored events stay, emptied, so that a message that comes again is still a duplicate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from functions.common.envelope import PayloadReference, payload_key
from functions.common.names import EventStatus
from functions.maintenance.erasure import Erasure, KeyTrace, StoredTrace
from functions.maintenance.ports import ParkedEvent

ROWS_PER_STEP = 500

LOCK_TIMEOUT = "2s"
"""A key that the processor holds: it is a retry for us."""

STATEMENT_TIMEOUT = "8s"
"""Far more than a step needs; an API call must end within API Gateway's 29 seconds."""

_LOCK_SPACE = 0x666F7267
"""ASCII "forg"; the other half of the lock's name is the erasure's."""

# Months are read one after the other, each by its index on user and time, and only as many as the rows are in.
STORED = """
SELECT event_id, received_at, payload_ref FROM events
 WHERE user_id = %(user_id)s AND received_at <= %(before)s
   AND (received_at, event_id) < (%(before)s, %(after_id)s)
 ORDER BY received_at DESC, event_id DESC LIMIT %(rows)s
"""

FIRST_STORED = """
SELECT event_id, received_at, payload_ref FROM events
 WHERE user_id = %(user_id)s AND received_at <= %(before)s
 ORDER BY received_at DESC, event_id DESC LIMIT %(rows)s
"""

# In the order in which the processor locks them, or the two could wait for each other.
LOCK_KEYS = "SELECT FROM idempotency_keys WHERE event_id = ANY(%(event_ids)s) ORDER BY event_id FOR UPDATE"

_EMPTY = "user_id = NULL, source = NULL, correlation_id = NULL, errors = '[]'"
"""What a key may say about a person. Its hashes and its id stay: by them a message is known again."""

# For reconciliation, which looks at an hour once, when it has been over for an hour.
_ADD_HOURS = """
INSERT INTO erased_hours AS known (received_hour, events)
SELECT date_trunc('hour', received_at, 'UTC'), count(*) FROM gone
 WHERE received_at > now() - interval '1 day' GROUP BY 1 ORDER BY 1
ON CONFLICT (received_hour) DO UPDATE SET events = known.events + excluded.events
"""

# The bounds are constants to the planner, which then looks at no other month.
ERASE_STORED = f"""
WITH gone AS (
    DELETE FROM events
     USING unnest(%(event_ids)s::text[], %(moments)s::timestamptz[]) AS meant (event_id, received_at)
     WHERE events.event_id = meant.event_id AND events.received_at = meant.received_at
       AND events.received_at BETWEEN %(oldest)s AND %(newest)s
       AND events.user_id = %(user_id)s
    RETURNING events.event_id, events.received_at, events.payload_ref
), emptied AS (
    UPDATE idempotency_keys AS known SET {_EMPTY} FROM gone
     WHERE known.event_id = gone.event_id AND known.status = 'completed'
    RETURNING 1
), hours AS ({_ADD_HOURS}
)
UPDATE erasures
   SET events = events + (SELECT count(*) FROM gone),
       payload_objects = payload_objects + (SELECT count(payload_ref) FROM gone),
       keys = keys + (SELECT count(*) FROM emptied)
 WHERE erasure_id = %(erasure_id)s
RETURNING (SELECT count(*) FROM gone)
"""  # noqa: S608 - put together from constants

KEYS = """
SELECT event_id, status, received_at, encode(payload_sha256, 'hex') FROM idempotency_keys
 WHERE user_id = %(user_id)s AND received_at <= %(requested_at)s AND event_id > %(after_id)s
 ORDER BY event_id LIMIT %(rows)s
"""

# One that the processor holds at this moment is about to change, and is looked at again within the hour.
ERASE_KEYS = f"""
WITH held AS (
    SELECT event_id, status FROM idempotency_keys
     WHERE event_id = ANY(%(event_ids)s) AND user_id = %(user_id)s AND received_at <= %(requested_at)s
     ORDER BY event_id
       FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM idempotency_keys AS known USING held
     WHERE known.event_id = held.event_id AND held.status <> 'completed'
    RETURNING known.received_at
), emptied AS (
    UPDATE idempotency_keys AS known SET {_EMPTY} FROM held
     WHERE known.event_id = held.event_id AND held.status = 'completed'
    RETURNING 1
), hours AS ({_ADD_HOURS}
)
UPDATE erasures SET keys = keys + (SELECT count(*) FROM gone) + (SELECT count(*) FROM emptied)
 WHERE erasure_id = %(erasure_id)s
"""  # noqa: S608 - as above

# The same payload under the same id on the same day is one object, whoever sent it.
NEEDED_ELSEWHERE = """
SELECT object.key
  FROM unnest(%(event_ids)s::text[], %(keys)s::text[]) AS object (event_id, key)
  JOIN idempotency_keys AS known ON known.event_id = object.event_id
  JOIN events ON events.event_id = known.event_id AND events.received_at = known.received_at
 WHERE events.payload_ref->>'key' = object.key
   AND (events.user_id = %(user_id)s AND events.received_at <= %(requested_at)s) IS NOT TRUE
"""

COUNT_DEAD_LETTERS = f"""
WITH gone AS (SELECT unnest(%(moments)s::timestamptz[]) AS received_at),
hours AS ({_ADD_HOURS}
)
UPDATE erasures
   SET dead_letters = dead_letters + (SELECT count(*) FROM gone), payload_objects = payload_objects + %(objects)s
 WHERE erasure_id = %(erasure_id)s
"""  # noqa: S608 - as above

SETTLE = """
UPDATE erasures
   SET completed_at = COALESCE(completed_at, now()), swept_at = now(),
       user_id = CASE WHEN watched_until > now() THEN user_id END
 WHERE erasure_id = %(erasure_id)s
"""


@dataclass(frozen=True, kw_only=True)
class ErasureTraces:
    """`Traces` on one connection of the owner's, in autocommit mode."""

    connection: psycopg.Connection[Any]

    def hold(self, erasure: Erasure) -> bool:
        """See the port. A killed function's lock goes with its connection."""
        self.connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        self.connection.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        row = self._row("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK_SPACE, erasure.erasure_id])
        return bool(row[0])

    def stored(self, erasure: Erasure, after: StoredTrace | None) -> list[StoredTrace]:
        """See the port."""
        values = {"user_id": erasure.user_id, "before": erasure.requested_at, "rows": ROWS_PER_STEP}
        if after is not None:
            values |= {"before": after.received_at, "after_id": after.event_id}
        rows = self.connection.execute(FIRST_STORED if after is None else STORED, values)
        return [
            StoredTrace(
                event_id=event_id,
                received_at=received_at,
                payload_ref=reference and PayloadReference(bucket=reference["bucket"], key=reference["key"]),
            )
            for event_id, received_at, reference in rows
        ]

    def erase_stored(self, erasure: Erasure, rows: Sequence[StoredTrace]) -> int:
        """See the port."""
        moments = [row.received_at for row in rows]
        values = self._values(erasure, [row.event_id for row in rows])
        values |= {"moments": moments, "oldest": min(moments), "newest": max(moments)}
        with self.connection.transaction():
            self.connection.execute(LOCK_KEYS, values)
            return int(self._row(ERASE_STORED, values)[0])

    def keys(self, erasure: Erasure, after: KeyTrace | None) -> list[KeyTrace]:
        """See the port."""
        values = self._values(erasure, []) | {"after_id": after.event_id if after else "", "rows": ROWS_PER_STEP}
        return [
            KeyTrace(
                event_id=event_id,
                payload_key=payload_key(event_id=event_id, payload_sha256=sha256, received_at=received_at)
                # The payload of one that still waits is needed: without it the wait would end as an alarm.
                if status == EventStatus.DEAD_LETTERED
                else None,
            )
            for event_id, status, received_at, sha256 in self.connection.execute(KEYS, values)
        ]

    def erase_keys(self, erasure: Erasure, keys: Sequence[KeyTrace]) -> None:
        """See the port."""
        self.connection.execute(ERASE_KEYS, self._values(erasure, [key.event_id for key in keys]))

    def needed_elsewhere(self, erasure: Erasure, objects: Sequence[tuple[str, str]]) -> set[str]:
        """See the port."""
        values = self._values(erasure, [event_id for event_id, _ in objects]) | {"keys": [key for _, key in objects]}
        return {key for (key,) in self.connection.execute(NEEDED_ELSEWHERE, values)}

    def count_dead_letters(self, erasure: Erasure, events: Sequence[ParkedEvent]) -> None:
        """See the port."""
        objects = sum(event.payload_ref is not None for event in events)
        moments = [event.received_at for event in events]
        self.connection.execute(
            COUNT_DEAD_LETTERS, {"erasure_id": erasure.erasure_id, "moments": moments, "objects": objects}
        )

    def settle(self, erasure: Erasure) -> None:
        """See the port."""
        self.connection.execute(SETTLE, {"erasure_id": erasure.erasure_id})

    def _values(self, erasure: Erasure, event_ids: Sequence[str]) -> dict[str, Any]:
        return {
            "erasure_id": erasure.erasure_id,
            "user_id": erasure.user_id,
            "requested_at": erasure.requested_at,
            "event_ids": list(event_ids),
        }

    def _row(self, statement: str, values: Any) -> tuple[Any, ...]:
        row = self.connection.execute(statement, values).fetchone()
        if row is None:
            raise RuntimeError("The erasure's record is gone, so nothing of it was counted.")
        return row  # type: ignore[no-any-return]  # psycopg's rows are Any here
