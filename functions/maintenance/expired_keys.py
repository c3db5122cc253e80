"""Deletes the idempotency keys that nothing can need any more, a few at a time.

A key is what makes the second delivery of an event a duplicate. It stays as long as its event does, and as long as a
message may still come again.
"""

from datetime import UTC, datetime
from typing import Any

import psycopg

from functions.maintenance.ports import SecondsLeft

KEYS_PER_STATEMENT = 2_000
"""Each statement is its own short transaction: locks are held for milliseconds, and vacuum can follow."""

RESERVE_SECONDS = 30.0
"""Kept back from deleting, for the statement under way and for what is to be reported."""

STATEMENT_TIMEOUT = "20s"

# In the order of an index, each statement going on where the one before stopped: what is deleted is not read again.
# A key that the processor holds at this moment is not forgotten, only left for tomorrow.
DELETE_KEYS = """
WITH expired AS (
    SELECT event_id, received_at
      FROM idempotency_keys
     WHERE received_at >= %(start)s AND received_at < %(kept_from)s
       AND updated_at < now() - make_interval(days => %(days)s)
     ORDER BY received_at
     LIMIT %(keys)s
       FOR UPDATE SKIP LOCKED
), deleted AS (
    DELETE FROM idempotency_keys USING expired WHERE idempotency_keys.event_id = expired.event_id
    RETURNING expired.received_at
)
SELECT count(*), max(received_at) FROM deleted
"""


def delete_expired_keys(
    connection: psycopg.Connection[Any], *, kept_from: datetime, days: int, seconds_left: SecondsLeft
) -> int:
    """Delete keys until none is left that may go, or the invocation's time is short; return how many went.

    Args:
        connection: the owner's, in autocommit mode.
        kept_from: there is no event that was received before; keys received later stay.
        days: keys that were touched within so many days stay; that includes those received since.
        seconds_left: what is left of the invocation.
    """
    connection.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    total = 0
    start = datetime.min.replace(tzinfo=UTC)
    while seconds_left() > RESERVE_SECONDS:
        values = {"start": start, "kept_from": kept_from, "days": days, "keys": KEYS_PER_STATEMENT}
        row = connection.execute(DELETE_KEYS, values).fetchone()
        if row is None or not row[0]:
            break
        total += row[0]
        start = row[1]
    return total
