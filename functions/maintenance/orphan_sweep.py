"""Removes payload objects that nothing refers to and nothing ever will: neither the database nor any message.

One day's objects at a time, by the date in their keys, on the days that `due_day` names. Nothing is remembered between
two runs: one that was missed, or cut short, is made good by a later one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum
from typing import Any

import psycopg

from functions.maintenance.orphans import RESERVE_SECONDS, Orphans, event_id_of, find_orphans, unreferenced
from functions.maintenance.ports import Depth, PayloadListing, PayloadRemoval, SecondsLeft

AGE = timedelta(days=1)
"""An object this old has had its time to find its event. A client's retry now carries another date, hence another key:
it can no more find the object in its place, and rely on it, while it is being removed."""

VISITS = 12
"""How often a day is looked at: one, two, four … days after it ended, the last time after more than five years."""

SETTLING_SECONDS = 70.0
"""SQS's counts are right a minute after messages last moved, and may miss one that moves at this moment.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""

EXAMPLES = 20
"""So many keys are logged, to begin looking with."""

KEYS_PER_CALL = 1_000
"""S3's most.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

FEW = 10
MOST_SHARE = 10
"""More than a few, and more than one in so many of a day's objects: then the database is wrong, and not the bucket."""

KNOWS_DAY = "SELECT EXISTS (SELECT FROM events WHERE received_at >= %(start)s AND received_at < %(end)s)"


class Kept(StrEnum):
    """Why orphans were left where they are."""

    MESSAGES = "messages_waiting"
    """There are messages in the queue or among the dead letters, and each may refer to an orphan."""
    DAY_UNKNOWN = "day_unknown"
    """The database has no event of that day: retention has removed them, and the bucket's lifecycle follows; or it was
    restored, or replaced."""
    TOO_MANY = "too_many"
    """So many that somebody should look first."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What was looked at, what was found, and what became of it."""

    day: str
    examined: int
    orphaned: int
    removed: int
    kept: Kept | None
    examples: list[str]
    is_complete: bool
    """The whole day was looked at, and what may go is gone, before the invocation's time was short."""


@dataclass(frozen=True, kw_only=True)
class OrphanSweep:
    """Looks at one day of the bucket."""

    listing: PayloadListing
    removal: PayloadRemoval
    depth: Depth
    """Of the queue, the dead-letter queue, and the queue again: messages may move either way meanwhile."""
    outlived_days: int
    """At this age an object has outlived every message that could refer to it."""
    sleep: Callable[[float], None] = time.sleep

    def run(self, connection: psycopg.Connection[Any], *, now: datetime, seconds_left: SecondsLeft) -> Sweep:
        """Remove the orphans of the day that is due, unless there is a reason to keep them.

        Args:
            connection: to the primary, in autocommit mode.
            now: what time it is.
            seconds_left: what is left of the invocation.
        """
        day = due_day(now)
        outlived = _midnight(day) + AGE + timedelta(days=self.outlived_days) <= now
        asked_at, is_quiet = time.monotonic(), self._is_quiet()
        stored_before = now - (timedelta(days=self.outlived_days) if outlived else AGE)
        found = find_orphans(connection, self.listing, day, stored_before=stored_before, seconds_left=seconds_left)
        kept = _doubt(connection, day, found)
        if kept is None and found.keys and not outlived and not (is_quiet and self._is_still_quiet(asked_at)):
            kept = Kept.MESSAGES
        # What is no payload of ours by its key is somebody's, and not ours to remove.
        removable = [] if kept else [key for key in found.keys if event_id_of(key) is not None]
        removed, is_done = self._remove(connection, removable, seconds_left)
        return Sweep(
            day=day.isoformat(),
            examined=found.examined,
            orphaned=len(found.keys),
            removed=removed,
            kept=kept,
            examples=found.keys[:EXAMPLES],
            is_complete=found.is_complete and is_done,
        )

    def _is_quiet(self) -> bool:
        return self.depth.waiting() == 0

    def _is_still_quiet(self, asked_at: float) -> bool:
        self.sleep(max(0.0, asked_at + SETTLING_SECONDS - time.monotonic()))
        return self._is_quiet()

    def _remove(
        self, connection: psycopg.Connection[Any], keys: Sequence[str], seconds_left: SecondsLeft
    ) -> tuple[int, bool]:
        """Remove what is still unreferenced; return how many that were, and whether time was left for all."""
        removed = 0
        for batch in _batches(keys):
            if seconds_left() < RESERVE_SECONDS / 2:
                return removed, False
            # Asked again once the queues were empty: whatever a message has led to until then is in the database now,
            # and no other message is left to lead to anything.
            orphaned = unreferenced(connection, batch)
            self.removal.remove(orphaned)
            removed += len(orphaned)
        return removed, True


def due_day(now: datetime) -> date:
    """Return the day to look at in this hour: one that ended 2⁰ days before today at midnight, 2¹ at one, and so on.

    So each day is looked at again when it is twice as old, twice over, for as long as there may be something new to
    see; and however old the stack, a run has one day to look at.
    """
    moment = now.astimezone(UTC)
    return moment.date() - AGE - timedelta(days=2 ** (moment.hour % VISITS))


def _doubt(connection: psycopg.Connection[Any], day: date, found: Orphans) -> Kept | None:
    """Ask whether this database may be relied on for this day: it may have been restored to an earlier state."""
    if not found.keys:
        return None
    row = connection.execute(KNOWS_DAY, {"start": _midnight(day), "end": _midnight(day) + AGE}).fetchone()
    if row is None or not row[0]:
        return Kept.DAY_UNKNOWN
    if len(found.keys) > max(FEW, found.examined // MOST_SHARE):
        return Kept.TOO_MANY
    return None


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), KEYS_PER_CALL):
        yield keys[start : start + KEYS_PER_CALL]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time_of_day.min, tzinfo=UTC)
