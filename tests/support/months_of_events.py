"""Millions of events, as months of traffic leave them: in real partitions, with every index and every key."""

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from functions.maintenance.partitions import partition_name

# A third of all events is handled again once.
_EVENTS = """
INSERT INTO {month} (event_id, received_at, type, source, user_id, correlation_id, processed_at, payload, payload_bytes,
                    payload_sha256)
SELECT %(month)s || '-' || n, at, 'order.' || n %% 7, 'shop-' || n %% 50, 'user-' || n %% 20000, 'c-' || n,
       at + interval '1 s', json_build_object('n', n, 'note', 'An order of some goods.'), 48,
       sha256(n::text::bytea)
  FROM generate_series(1, %(events)s) AS n,
       LATERAL (SELECT %(start)s::timestamptz + (%(end)s::timestamptz - %(start)s) * (n::float / (%(events)s + 1)))
               AS t (at)
"""
_KEYS = """
INSERT INTO idempotency_keys (event_id, payload_sha256, content_sha256, status, attempts, first_seen_at, updated_at,
                              completed_at, received_at)
SELECT event_id, payload_sha256, payload_sha256, 'completed', 1, processed_at, processed_at, processed_at, received_at
  FROM {month}
"""
_REPLAYS = """
INSERT INTO replays (event_id, replay_id, requested_at, processed_at)
SELECT %(month)s || '-' || n, 'replay-1', %(end)s, %(end)s FROM generate_series(1, %(events)s, 3) AS n
"""
# Never stored: there is nothing of them but the key.
_FAILED_KEYS = """
INSERT INTO idempotency_keys (event_id, payload_sha256, status, attempts, first_seen_at, updated_at, received_at,
                              last_error_code)
SELECT 'failed-' || %(month)s || '-' || n, sha256(''), 'failed', 1, %(start)s, %(start)s, %(start)s, 'invalid_event'
  FROM generate_series(1, %(failed)s) AS n
"""


def month_start(offset: int, today: datetime) -> datetime:
    """Return the first moment of the month that lies so many months from today's."""
    months = today.year * 12 + today.month - 1 + offset
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def fill_month(
    connection: psycopg.Connection[Any], *, start: datetime, end: datetime, events: int, failed: int
) -> None:
    """Write a month's events up to now, evenly spread, their keys and replays, and the keys of events that failed."""
    name = partition_name(start)
    month = sql.Identifier(name)
    # Rows first, then all indexes at once as it is attached: a fraction of the time.
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(month))
    connection.execute(sql.SQL("CREATE TABLE {} (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(month))
    values = {"month": name, "start": start, "end": min(end, datetime.now(UTC)), "events": events, "failed": failed}
    for statement in (_EVENTS, _KEYS, _REPLAYS, _FAILED_KEYS):
        connection.execute(sql.SQL(statement).format(month=month), values)
    bounds = sql.SQL("FROM ({}) TO ({})").format(sql.Literal(start), sql.Literal(end))
    connection.execute(sql.SQL("ALTER TABLE events ATTACH PARTITION {} FOR VALUES {}").format(month, bounds))
