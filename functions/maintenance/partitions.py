"""Makes the monthly partitions of `events` before they are needed: without one, inserts fail."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from functions.maintenance.database_clock import database_time
from functions.maintenance.migrate import LOCK_TIMEOUT, holding_schema_lock

MONTHS_AHEAD = 3
"""Whole months in the future; the schedule runs daily, so it may fail for a quarter before anybody is hurt."""

MONTHS_BEHIND = 1
"""A new database may find messages in the queue that were accepted before the month turned."""


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """What `premake` did and found."""

    created: list[str]
    ahead: int
    """How many partitions lie wholly in the future."""


def premake(connection: psycopg.Connection[Any], *, retention_days: int | None = None) -> Partitions:
    """Make the partitions from last month to three months ahead, as far as they are missing.

    Args:
        connection: in autocommit mode.
        retention_days: a month that is wholly older would be dropped again; None when events are kept for ever.

    Raises:
        psycopg.Error: A partition could not be made; those made before it remain.
    """
    with holding_schema_lock(connection):
        connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        today = database_time(connection)
        existing = _existing(connection)
        wanted = [_month(today, offset) for offset in range(-MONTHS_BEHIND, MONTHS_AHEAD + 1)]
        missing = [
            month
            for month in wanted
            if partition_name(month) not in existing and not _is_past(month, today, retention_days)
        ]
        for month in missing:
            _create(connection, month)
        created = [partition_name(month) for month in missing]
    # Names sort as their months do.
    ahead = sum(name > partition_name(today) for name in existing | set(created))
    return Partitions(created=created, ahead=ahead)


def partition_name(month: datetime) -> str:
    """Return the name of the partition that a moment belongs to."""
    return f"events_{month:%Y_%m}"


def _existing(connection: psycopg.Connection[Any]) -> set[str]:
    found = connection.execute(
        "SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid"
        " WHERE inhparent = 'events'::regclass"
    )
    return {name for (name,) in found}


def _month(moment: datetime, offset: int) -> datetime:
    months = moment.year * 12 + moment.month - 1 + offset
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _is_past(month: datetime, now: datetime, retention_days: int | None) -> bool:
    return retention_days is not None and _month(month, 1) <= now - timedelta(days=retention_days)


def _create(connection: psycopg.Connection[Any], month: datetime) -> None:
    # Attaching lets inserts go on, whereas CREATE TABLE … PARTITION OF would lock them all out.
    partition = partition_name(month)
    name = sql.Identifier(partition)
    with connection.transaction():
        connection.execute(sql.SQL("CREATE TABLE {} (LIKE events INCLUDING ALL)").format(name))
        _close(connection, partition)
        connection.execute(
            sql.SQL("ALTER TABLE events ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                name, sql.Literal(month.isoformat()), sql.Literal(_month(month, 1).isoformat())
            )
        )


def _close(connection: psycopg.Connection[Any], partition: str) -> None:
    """Take back what every new table grants by default: functions come through `events`, and by its rights alone."""
    grantees = connection.execute(
        "SELECT DISTINCT grantee::regrole::text FROM pg_class, aclexplode(relacl)"
        " WHERE oid = %s::regclass AND grantee <> relowner",
        [partition],
    )
    for (grantee,) in grantees:
        connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(partition), sql.SQL(grantee)))
