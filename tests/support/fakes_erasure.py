"""A user's traces in memory, for the use case that erases them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.common.envelope import PayloadReference
from functions.maintenance.erasure import Erasure, KeyTrace, StoredTrace
from functions.maintenance.ports import ParkedEvent

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def an_erasure(erasure_id: str = "er-1", *, user_id: str | None = "u-1", **changes: Any) -> Erasure:
    """One that was asked for at noon."""
    fields = {"user_sha256": "a" * 64, "requested_at": NOON, "completed_at": None}
    watched_until = NOON + timedelta(days=25)
    return Erasure(erasure_id=erasure_id, user_id=user_id, watched_until=watched_until, **fields | changes)


def a_payload(key: str) -> PayloadReference:
    """A payload in our bucket."""
    return PayloadReference(bucket="bucket", key=key)


def a_parked_event(message_id: str, *, user_id: str | None = "u-1", **changes: Any) -> ParkedEvent:
    """A dead letter from before noon."""
    fields = {"event_id": f"e-{message_id}", "received_at": NOON - timedelta(hours=1), "payload_ref": None}
    return ParkedEvent(message_id=message_id, user_id=user_id, **fields | changes)


class FakeDeadLetters:
    """A queue, two messages at a time."""

    def __init__(self, *events: ParkedEvent, is_held_elsewhere: bool = False, journal: list[str] | None = None) -> None:
        self.left = list(events)
        self.is_held_elsewhere = is_held_elsewhere
        self.looks = 0
        self.stuck: set[str] = set()
        self._journal = [] if journal is None else journal

    @contextmanager
    def __call__(self) -> Iterator["FakeDeadLetters"]:
        self.looks += 1
        yield self

    def waiting_elsewhere(self) -> bool:
        return self.is_held_elsewhere

    def events(self) -> Iterator[list[ParkedEvent]]:
        everything = list(self.left)
        for start in range(0, len(everything), 2):
            yield everything[start : start + 2]

    def remove(self, events: Sequence[ParkedEvent]) -> list[ParkedEvent]:
        gone = [event for event in events if event.message_id not in self.stuck]
        self.left = [event for event in self.left if event not in gone]
        self._journal += [f"letter {event.message_id}" for event in gone]
        return gone


class FakePayloadErasure:
    """A bucket that remembers what was deleted."""

    def __init__(self, journal: list[str] | None = None) -> None:
        self.error: Exception | None = None
        self._journal = [] if journal is None else journal

    def remove(self, references: Sequence[PayloadReference], *, within_seconds: float) -> None:
        assert within_seconds > 0
        if self.error is not None:
            raise self.error
        self._journal += [f"object {reference.key}" for reference in references]

    def reference(self, key: str) -> PayloadReference:
        return a_payload(key)


class FakeTraces:
    """What the database knows, one row or key at a time."""

    def __init__(self, journal: list[str] | None = None) -> None:
        self.rows: dict[str, list[StoredTrace]] = {}
        self.key_traces: dict[str, list[KeyTrace]] = {}
        self.needed: set[str] = set()
        self.busy: set[str] = set()
        self.errors: dict[str, Exception] = {}
        self.settled: list[str] = []
        self.counted: list[tuple[str, list[str]]] = []
        self._journal = [] if journal is None else journal

    def hold(self, erasure: Erasure) -> bool:
        return erasure.erasure_id not in self.busy

    def stored(self, erasure: Erasure, after: StoredTrace | None) -> list[StoredTrace]:
        if error := self.errors.get(erasure.erasure_id):
            raise error
        return self.rows.get(erasure.erasure_id, [])[:1]

    def erase_stored(self, erasure: Erasure, rows: Sequence[StoredTrace]) -> int:
        del self.rows[erasure.erasure_id][: len(rows)]
        self._journal += [f"row {row.event_id}" for row in rows]
        return len(rows)

    def keys(self, erasure: Erasure, after: KeyTrace | None) -> list[KeyTrace]:
        return self.key_traces.get(erasure.erasure_id, [])[:1]

    def erase_keys(self, erasure: Erasure, keys: Sequence[KeyTrace]) -> None:
        del self.key_traces[erasure.erasure_id][: len(keys)]
        self._journal += [f"key {key.event_id}" for key in keys]

    def needed_elsewhere(self, erasure: Erasure, objects: Sequence[tuple[str, str]]) -> set[str]:
        return {key for _, key in objects} & self.needed

    def count_dead_letters(self, erasure: Erasure, events: Sequence[ParkedEvent]) -> None:
        self.counted.append((erasure.erasure_id, [event.message_id for event in events]))

    def settle(self, erasure: Erasure) -> None:
        self.settled.append(erasure.erasure_id)
