"""Fills the tables with as many events as some seconds allow, made inside PostgreSQL."""

import time
from typing import Any

import psycopg

CHUNK_ROWS = 100_000
SECONDS_BETWEEN_EVENTS = 1.2
"""Two million events reach back four weeks, into last month's partition on most days, and never beyond it."""

SHARE_OF_ROWS = 0.6
"""Of the time; the rest goes into their indexes."""

_FILL = """
WITH made AS MATERIALIZED (
    SELECT number, now() - number * %(gap)s * interval '1 second' AS received_at,
           format('01980000-%%s-7000-8000-%%s', right(md5(number::text), 4), lpad(number::text, 12, '0')) AS event_id
      FROM generate_series(%(first)s::integer, %(last)s::integer) AS number
), keys AS (
    INSERT INTO idempotency_keys (event_id, payload_sha256, status, attempts, first_seen_at, updated_at, completed_at,
                                  received_at)
    SELECT event_id, sha256(event_id::bytea), 'completed', 1, received_at, received_at, received_at, received_at
      FROM made
)
INSERT INTO events (event_id, received_at, type, source, user_id, correlation_id, payload, payload_bytes,
                    payload_sha256)
SELECT event_id, received_at, 'order.created', 'shop', 'u-' || number %% 5000, event_id, '{"n": 1}', 8,
       sha256(event_id::bytea)
  FROM made
"""


def fill(connection: psycopg.Connection[Any], *, rows: int, seconds: float) -> int:
    """Store up to so many events, and return how many there was time for.

    Indexes on what is listed are put aside meanwhile: building each at once takes a third of the time.
    """
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '256MB'")
    deadline = time.monotonic() + seconds * SHARE_OF_ROWS
    indexes = _put_aside(connection)
    filled = 0
    while filled < rows and (filled == 0 or time.monotonic() < deadline):
        last = min(rows, filled + CHUNK_ROWS)
        connection.execute(_FILL, {"first": filled + 1, "last": last, "gap": SECONDS_BETWEEN_EVENTS})
        filled = last
    for definition in indexes:
        connection.execute(definition)
    connection.execute("VACUUM (ANALYZE) events, idempotency_keys")
    return filled


def _put_aside(connection: psycopg.Connection[Any]) -> list[bytes]:
    """Drop the indexes of `events` that no constraint needs; return the statements that make them again."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'events' AND indexname <> 'events_pkey'"
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    # PostgreSQL describes the index of the parent alone; those of the partitions are wanted too.
    return [definition.replace(" ON ONLY ", " ON ").encode() for _, definition in found]
