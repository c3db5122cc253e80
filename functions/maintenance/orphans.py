"""Finds payload objects that no event refers to: of events that were never accepted, or sent twice. Deletes none.

An event that is still in a queue after a day has no row either, and its object is counted too: deleting is for those
who know that the queues are empty.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from functions.common.names import PAYLOAD_PREFIX
from functions.maintenance.ports import PayloadListing, PayloadObject, SecondsLeft
from functions.maintenance.reconcile import Window

AGE = timedelta(days=1)
"""An object this old has had its time to find its event."""

UPLOAD_TIME = timedelta(minutes=1)
"""An object is stored this long after the moment that its event carries, at most; its key has that moment's date."""

RESERVE_SECONDS = 20.0
"""Kept back from listing, for the statement under way and for what is to be reported."""

EXAMPLES = 20
"""So many keys are logged, to begin looking with."""

_PARTS = 6
"""`payloads/yyyy/mm/dd/{event_id}/{sha256}.json`"""

UNREFERENCED = """
SELECT object.key
  FROM unnest(%(event_ids)s::text[], %(keys)s::text[]) AS object (event_id, key)
 WHERE NOT EXISTS (
       SELECT FROM idempotency_keys AS k
              LEFT JOIN events AS e ON e.event_id = k.event_id AND e.received_at = k.received_at
        WHERE k.event_id = object.event_id
          -- A dead letter may be replayed, and then needs its payload.
          AND (k.status <> 'completed' OR e.payload_ref->>'key' = object.key))
"""


@dataclass(frozen=True, kw_only=True)
class Orphans:
    """What was looked at, and what was found."""

    examined: int
    orphaned: int
    examples: list[str]
    is_complete: bool
    """Everything was looked at before the invocation's time was short."""


def find_orphans(
    connection: psycopg.Connection[Any], listing: PayloadListing, window: Window, seconds_left: SecondsLeft
) -> Orphans:
    """Look at the objects that were stored a day before the window: one hour's, so that each is looked at once.

    Args:
        connection: in autocommit mode.
        listing: of the payload bucket.
        window: an hour.
        seconds_left: what is left of the invocation.
    """
    start, end = window.start - AGE, window.end - AGE
    examined = 0
    orphaned: list[str] = []
    for page in _pages(listing, _days(start, end)):
        if seconds_left() < RESERVE_SECONDS:
            return _report(examined, orphaned, is_complete=False)
        objects = [payload for payload in page if start <= payload.stored_at < end]
        examined += len(objects)
        orphaned += _unreferenced(connection, objects)
    return _report(examined, orphaned, is_complete=True)


def _days(start: datetime, end: datetime) -> Iterable[date]:
    """Return the dates that keys of objects stored in this time may carry: one, or around midnight two."""
    return sorted({(start - UPLOAD_TIME).date(), (end - timedelta.resolution).date()})


def _pages(listing: PayloadListing, days: Iterable[date]) -> Iterator[Sequence[PayloadObject]]:
    for day in days:
        yield from listing.of_day(day)


def _unreferenced(connection: psycopg.Connection[Any], objects: Sequence[PayloadObject]) -> list[str]:
    if not objects:
        return []
    keys = [payload.key for payload in objects]
    values = {"event_ids": [_event_id(key) for key in keys], "keys": keys}
    return [key for (key,) in connection.execute(UNREFERENCED, values)]


def _event_id(key: str) -> str | None:
    """Return the id in a key; None where somebody has put something else, which no event refers to."""
    parts = key.split("/")
    return parts[-2] if key.startswith(PAYLOAD_PREFIX) and len(parts) == _PARTS else None


def _report(examined: int, orphaned: list[str], *, is_complete: bool) -> Orphans:
    return Orphans(examined=examined, orphaned=len(orphaned), examples=orphaned[:EXAMPLES], is_complete=is_complete)
