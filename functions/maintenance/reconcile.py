"""Asks whether every event that was accepted is somewhere: stored, failed, in a queue, erased, or a duplicate.

It can miss a loss and never invents one:

- Deliveries of one message that came twice count as duplicates too, just as events that a client sent twice; so do
  messages in the queues that are of another hour, ask for a replay, or are on record as dead letters as well. Each may
  hide a lost event.
- An event counts as accepted when ingest has answered, a little after the moment that it carries. So rows from just
  before the hour are counted in its favour, which hides as many losses as there are such rows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from functions.common.names import MetricName, Service
from functions.maintenance.ports import Depth, Sums

WINDOW = timedelta(hours=1)

SETTLED_AFTER = timedelta(hours=1)
"""From the end of an hour until it is looked at: time for metrics to arrive and for messages to be tried again."""

ANSWER_DELAY = timedelta(seconds=30)
"""From the moment that an event carries until ingest counts it: API Gateway waits for 29 seconds at most."""

# Completed keys are counted in `events`, whose index by time is all that is read of it; the others have one too.
COUNT_STORED = "SELECT count(*) FROM events WHERE received_at >= %(start)s AND received_at < %(end)s"
COUNT_UNFINISHED = """
SELECT count(*) FROM idempotency_keys
 WHERE status IN ('failed', 'dead_lettered') AND received_at >= %(start)s AND received_at < %(end)s
"""

COUNT_ERASED = """
SELECT COALESCE(sum(events), 0)::bigint FROM erased_hours
 WHERE received_hour >= date_trunc('hour', %(start)s::timestamptz, 'UTC') AND received_hour < %(end)s
"""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A whole hour that is over and settled."""

    start: datetime
    end: datetime

    @classmethod
    def settled(cls, now: datetime) -> "Window":
        """Return the latest one."""
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        end = hour - SETTLED_AFTER
        return cls(start=end - WINDOW, end=end)


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Where the events of one window are."""

    accepted: int
    stored: int
    unfinished: int
    """Failed or dead-lettered, by their record in the database."""
    erased: int
    """Removed because their user's events were to be; from the hour before as well, which hides that many losses."""
    duplicated: int
    waiting: int
    """Messages in the queue and in the dead-letter queue, whenever they were sent."""

    @property
    def drift(self) -> int:
        """Events that are nowhere."""
        return max(0, self.accepted - self.stored - self.unfinished - self.erased - self.duplicated - self.waiting)


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """Compares what was accepted with what is there."""

    sums: Sums
    depth: Depth

    def run(self, connection: psycopg.Connection[Any], window: Window, *, now: datetime) -> Balance:
        """Draw up the balance of a window.

        Args:
            connection: in autocommit mode.
            window: the hour in question.
            now: what time it is.
        """
        accepted = self.sums.total(MetricName.EVENTS_ACCEPTED, Service.INGEST, start=window.start, end=window.end)
        # First the queues, then the database: a message that moves in between is counted twice and not never.
        waiting = self.depth.waiting()
        between = {"start": window.start - ANSWER_DELAY, "end": window.end}
        stored = _count(connection, COUNT_STORED, between)
        unfinished = _count(connection, COUNT_UNFINISHED, between)
        # After the tables that they are erased from, for the same reason.
        erased = _count(connection, COUNT_ERASED, between)
        # A message may have waited for hours before it turned out to be a duplicate.
        hour_after = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        duplicated = self.sums.total(
            MetricName.EVENTS_DUPLICATED, Service.PROCESSOR, start=window.start, end=hour_after
        )
        return Balance(
            accepted=accepted,
            stored=stored,
            unfinished=unfinished,
            erased=erased,
            duplicated=duplicated,
            waiting=waiting,
        )


def _count(connection: psycopg.Connection[Any], query: str, values: dict[str, datetime]) -> int:
    row = connection.execute(query, values).fetchone()
    return 0 if row is None else row[0]
