"""Finds payload objects that no event refers to: of events that were never accepted, or sent twice.

Not being referred to in the database is not yet being useless: a message may refer to it that the database knows
nothing of. `orphan_sweep` decides about that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from functions.common.names import PAYLOAD_PREFIX
from functions.maintenance.ports import PayloadListing, PayloadObject, SecondsLeft

RESERVE_SECONDS = 40.0
"""Kept back from listing, for the statement under way, for removing, and for what is to be reported."""

_KEY = re.compile(rf"{PAYLOAD_PREFIX}\d{{4}}/\d\d/\d\d/(?P<event_id>[^/]+)/[0-9a-f]{{64}}\.json")

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
    keys: list[str]
    is_complete: bool
    """Everything was looked at before the invocation's time was short."""


def find_orphans(
    connection: psycopg.Connection[Any],
    listing: PayloadListing,
    day: date,
    *,
    stored_before: datetime,
    seconds_left: SecondsLeft,
) -> Orphans:
    """Look at the objects of events that were received on a day.

    Args:
        connection: in autocommit mode.
        listing: of the payload bucket.
        day: in UTC, as keys have it.
        stored_before: objects stored later are left alone; somebody may have just brought them back.
        seconds_left: what is left of the invocation.
    """
    examined = 0
    orphaned: list[str] = []
    for page in listing.of_day(day):
        if seconds_left() < RESERVE_SECONDS:
            return Orphans(examined=examined, keys=orphaned, is_complete=False)
        keys = [payload.key for payload in _old_enough(page, stored_before)]
        examined += len(keys)
        orphaned += unreferenced(connection, keys)
    return Orphans(examined=examined, keys=orphaned, is_complete=True)


def unreferenced(connection: psycopg.Connection[Any], keys: Sequence[str]) -> list[str]:
    """Return those keys that no event refers to, and no failed one."""
    if not keys:
        return []
    values = {"event_ids": [event_id_of(key) for key in keys], "keys": list(keys)}
    return [key for (key,) in connection.execute(UNREFERENCED, values)]


def event_id_of(key: str) -> str | None:
    """Return the id in a key; None where somebody has put something else, which no event refers to."""
    match = _KEY.fullmatch(key)
    return None if match is None else match["event_id"]


def _old_enough(page: Sequence[PayloadObject], stored_before: datetime) -> list[PayloadObject]:
    return [payload for payload in page if payload.stored_at < stored_before]
