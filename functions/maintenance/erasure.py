"""One erasure: whose events, up to when, and what became of them. Its receipt is what a client is shown."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg

from functions.common.envelope import PayloadReference
from functions.maintenance.ports import ParkedEvent


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What `erasures` holds of one; its counts grow while it is watched."""

    erasure_id: str
    user_id: str | None
    """None once it is over: nothing of the user can appear any more."""
    user_sha256: str
    requested_at: datetime
    """Events that were received later are not meant."""
    completed_at: datetime | None
    watched_until: datetime
    events: int = 0
    keys: int = 0
    payload_objects: int = 0
    dead_letters: int = 0

    def covers(self, event: ParkedEvent) -> bool:
        """Tell whether an event is to be erased."""
        return event.user_id is not None and event.user_id == self.user_id and event.received_at <= self.requested_at

    def receipt(self) -> dict[str, Any]:
        """Return what may be shown and kept: everything but the user's id."""
        return {
            "erasure_id": self.erasure_id,
            "user_sha256": self.user_sha256,
            "status": "in_progress" if self.completed_at is None else "completed",
            "requested_at": _written(self.requested_at),
            "completed_at": self.completed_at and _written(self.completed_at),
            "watched_until": _written(self.watched_until),
            "erased": {
                "events": self.events,
                "keys": self.keys,
                "payload_objects": self.payload_objects,
                "dead_letters": self.dead_letters,
            },
        }


def _written(moment: datetime) -> str:
    # PostgreSQL answers in the time zone of the session.
    return moment.astimezone(UTC).isoformat()


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredTrace:
    """A row of `events`."""

    event_id: str
    received_at: datetime
    payload_ref: PayloadReference | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyTrace:
    """A row of `idempotency_keys` that a failure left the user's id in."""

    event_id: str
    payload_key: str | None
    """Where the payload of a dead letter lies, if it was large: the letter itself may have been dropped."""


class Traces(Protocol):
    """Where the database knows of a user, and the records of erasures."""

    def hold(self, erasure: Erasure) -> bool:
        """Keep others from working at this erasure until the connection ends; False when somebody does already."""

    def stored(self, erasure: Erasure, after: StoredTrace | None) -> Sequence[StoredTrace]:
        """Return the next rows behind one, newest first; none when there are no more."""

    def erase_stored(self, erasure: Erasure, rows: Sequence[StoredTrace]) -> int:
        """Delete rows, empty their keys and count them, in one transaction; return how many there were."""

    def keys(self, erasure: Erasure, after: KeyTrace | None) -> Sequence[KeyTrace]:
        """Return the next keys behind one, by their ids."""

    def erase_keys(self, erasure: Erasure, keys: Sequence[KeyTrace]) -> None:
        """Delete keys of events that were never stored, empty the others, and count them, in one transaction."""

    def needed_elsewhere(self, erasure: Erasure, objects: Sequence[tuple[str, str]]) -> set[str]:
        """Return those keys of objects, each given behind its event's id, that a stored event needs which stays."""

    def count_dead_letters(self, erasure: Erasure, events: Sequence[ParkedEvent]) -> None:
        """Count dead letters that are gone."""

    def settle(self, erasure: Erasure) -> None:
        """Note that nothing is left at this moment, and forget the user when nothing can come any more."""


class Records(Protocol):
    """The records of erasures."""

    def begin(self, user_id: str) -> Erasure:
        """Return the user's erasure that is not finished, or a new one."""

    def find(self, erasure_id: str) -> Erasure | None:
        """Return an erasure, or None when there was never one with this id."""

    def watched(self, limit: int) -> list[Erasure]:
        """Return the erasures that are not over, first the one that was looked at longest ago."""


@dataclass(frozen=True, kw_only=True)
class ErasureTables:
    """Both ways to look at the database, on one connection."""

    records: Records
    traces: Traces


OpenTables = Callable[[], AbstractContextManager[ErasureTables]]
"""Connects for one call."""

TablesOn = Callable[[psycopg.Connection[Any]], ErasureTables]
"""Looks at the database on a connection that there is."""
