"""Removes what is older than anybody wants to keep: whole partitions of `events`, then the keys that outlived them.

A partition goes when its end is old enough, so no younger row is ever touched.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors, sql

from functions.common.log import get_logger
from functions.maintenance.expired_keys import delete_expired_keys
from functions.maintenance.migrate import LOCK_TIMEOUT, holding_schema_lock
from functions.maintenance.ports import SecondsLeft

LEAVING = "Fluxa's retention drops this table."
"""The comment on a partition that is being removed. A detached table without it is somebody's, whatever its name."""

RESERVE_SECONDS = 30.0
"""No partition is begun with less: a busy one takes three times `LOCK_TIMEOUT`, and there is something to report."""

# By their bounds, not by their names: somebody may have made one by hand.
_BOUNDED = """
    SELECT relname, inhdetachpending AS is_half_detached,
           (regexp_match(pg_get_expr(relpartbound, oid), 'FROM \\(''([^'']+)''\\)'))[1]::timestamptz AS lower_bound,
           (regexp_match(pg_get_expr(relpartbound, oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz AS upper_bound
      FROM pg_inherits JOIN pg_class ON oid = inhrelid
     WHERE inhparent = 'events'::regclass
"""

# A removal that was interrupted has left a table that is half detached, or on its own.
EXPIRED = f"""
WITH bounded AS ({_BOUNDED})
SELECT relname, 'attached' FROM bounded
 WHERE NOT is_half_detached AND upper_bound <= now() - make_interval(days => %(days)s)
 UNION ALL
SELECT relname, CASE WHEN relispartition THEN 'half_detached' ELSE 'detached' END
  FROM pg_class
 WHERE obj_description(oid, 'pg_class') = %(leaving)s
   AND relname NOT IN (SELECT relname FROM bounded WHERE NOT is_half_detached)
 ORDER BY relname
"""  # noqa: S608 - put together from constants

# A partition without a lower bound may hold anything.
KEPT_FROM = f"""
WITH bounded AS ({_BOUNDED})
SELECT COALESCE(min(COALESCE(lower_bound, to_timestamp(0))), now()) FROM bounded WHERE NOT is_half_detached
"""  # noqa: S608 - as above

OLDEST_DAYS = """
SELECT extract(epoch FROM now() - received_at)::float / 86400 FROM events ORDER BY received_at LIMIT 1
"""

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What retention did and found."""

    partitions: list[str]
    postponed: list[str]
    """Partitions that are old enough but in use, or for which no time was left; tomorrow's run comes back to them."""
    keys: int
    oldest_days: float | None
    """Age of the oldest event there is; None when there is none."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long events and their keys are kept."""

    days: int | None
    """For events; None keeps them for ever, and their keys with them."""
    key_days: int

    def run(self, connection: psycopg.Connection[Any], seconds_left: SecondsLeft) -> Removed | None:
        """Remove what is old enough, as far as the invocation's time allows; None when everything is kept.

        Args:
            connection: the owner's, in autocommit mode.
            seconds_left: what is left of the invocation.
        """
        if self.days is None:
            return None
        dropped: list[str] = []
        postponed: list[str] = []
        with holding_schema_lock(connection):
            connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            expired = connection.execute(EXPIRED, {"days": self.days, "leaving": LEAVING}).fetchall()
            for name, state in expired:
                is_dropped = seconds_left() > RESERVE_SECONDS and _drop(connection, name, state)
                (dropped if is_dropped else postponed).append(name)
        kept_from: datetime = _value(connection, KEPT_FROM)
        keys = delete_expired_keys(connection, kept_from=kept_from, days=self.key_days, seconds_left=seconds_left)
        oldest: float | None = _value(connection, OLDEST_DAYS)
        return Removed(partitions=dropped, postponed=postponed, keys=keys, oldest_days=oldest)


def _drop(connection: psycopg.Connection[Any], partition: str, state: str) -> bool:
    """Detach a partition and drop it, unless somebody uses it for longer than `LOCK_TIMEOUT`.

    Interrupted at any point, it is found by the next run and brought to its end.
    """
    name = sql.Identifier(partition)
    try:
        if state == "attached":
            connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, sql.Literal(LEAVING)))
            # Concurrently: the plain form would wait for the readers of every month, and all inserts behind it.
            connection.execute(sql.SQL("ALTER TABLE events DETACH PARTITION {} CONCURRENTLY").format(name))
        elif state == "half_detached":
            connection.execute(sql.SQL("ALTER TABLE events DETACH PARTITION {} FINALIZE").format(name))
        connection.execute(sql.SQL("DROP TABLE {}").format(name))
    # The second: only one partition at a time may be half detached.
    except (errors.LockNotAvailable, errors.ObjectNotInPrerequisiteState) as error:
        log.warning("partition_not_dropped", partition=partition, error=type(error).__name__)
        return False
    return True


def _value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]
