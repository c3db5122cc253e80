"""`GET /events/{event_id}/timeline`: what happened to one event, oldest first."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.common.names import EventStatus, Outcome
from functions.common.replay import REDRIVE_PREFIX
from functions.query.documents import time_text
from functions.query.event_ids import not_found, read_event_id
from functions.query.ports import EventHistories, EventHistory, FailedAttempt, Replay


class EntryKind(StrEnum):
    """What may happen to an event, causes before effects."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    """The event's own message was sent."""
    REPLAYED = "replayed"
    """A redrive or a replay sent another message."""
    FAILED = "failed"
    DEAD_LETTERED = "dead_lettered"
    PROCESSED = "processed"
    REPLAY_PROCESSED = "replay_processed"
    """A stored event was handled once more."""
    DUPLICATE = "duplicate"
    """A redrive brought what was stored already, and nothing was done."""


_RANKS = {kind: rank for rank, kind in enumerate(EntryKind)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that happened."""

    at: datetime
    kind: EntryKind
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Historian:
    """Tells the timeline of one event."""

    histories: EventHistories

    def timeline(self, raw_event_id: str) -> str:
        """Return the timeline as JSON text.

        Raises:
            MalformedRequest: No event can have this id.
            EventNotFound: No event with this id was stored or has failed; one accepted a moment ago may still come.
            TransientError: The database did not answer.
        """
        history = self.histories.history(read_event_id(raw_event_id))
        if history is None:
            raise not_found()
        document = {
            "event_id": history.event_id,
            "status": history.status.value,
            "earlier_attempts": earlier_attempts(history),
            "entries": [
                {"at": time_text(entry.at), "kind": entry.kind.value, **entry.details} for entry in entries_of(history)
            ],
        }
        return json.dumps(document)


def entries_of(history: EventHistory) -> list[Entry]:
    """Put together what is known, oldest first; a time that nobody wrote down has no entry."""
    accepted = Entry(
        at=history.received_at, kind=EntryKind.ACCEPTED, details=_known(correlation_id=history.correlation_id)
    )
    entries = [accepted, *_messages(history), *_failures(history), *_completions(history)]
    return sorted(entries, key=_place)


def earlier_attempts(history: EventHistory) -> int | None:
    """Return how many failed attempts are not told, because only the last are kept; None when nobody knows."""
    if history.attempts is None:
        return None
    return history.failures[0].attempt - 1 if history.failures else 0


def _messages(history: EventHistory) -> Iterator[Entry]:
    """Yield each message once: one that is tried again is known by when it was sent."""
    sent = [(failure.queued_at, failure.replay_id) for failure in history.failures if failure.queued_at is not None]
    sent += [(replay.requested_at, replay.replay_id) for replay in history.replays]
    if history.queued_at is not None and history.queued_at not in {moment for moment, _ in sent}:
        sent.append((history.queued_at, None))
    for moment, replay_id in dict.fromkeys(sent):
        kind = EntryKind.QUEUED if replay_id is None else EntryKind.REPLAYED
        yield Entry(at=moment, kind=kind, details=_known(replay_id=replay_id))


def _failures(history: EventHistory) -> Iterator[Entry]:
    for failure in history.failures:
        is_last = failure is history.failures[-1]
        kind = EntryKind.DEAD_LETTERED if _ended_it(failure, history, is_last=is_last) else EntryKind.FAILED
        details = _known(
            attempt=failure.attempt, code=failure.code, message=failure.message, replay_id=failure.replay_id
        )
        yield Entry(at=failure.at, kind=kind, details=details)


def _ended_it(failure: FailedAttempt, history: EventHistory, *, is_last: bool) -> bool:
    if failure.outcome is not None:
        return failure.outcome == Outcome.DEAD_LETTERED
    # Outcomes were not always written down, but the status is that of the last attempt.
    return is_last and history.status is EventStatus.DEAD_LETTERED


def _completions(history: EventHistory) -> Iterator[Entry]:
    if history.completed_at is not None:
        stored_by = next((replay.replay_id for replay in history.replays if _stored(replay, history)), None)
        details = _known(attempts=history.attempts, replay_id=stored_by)
        yield Entry(at=history.completed_at, kind=EntryKind.PROCESSED, details=details)
    for replay in history.replays:
        if not _stored(replay, history):
            is_redrive = replay.replay_id.startswith(REDRIVE_PREFIX)
            kind = EntryKind.DUPLICATE if is_redrive else EntryKind.REPLAY_PROCESSED
            yield Entry(at=replay.processed_at, kind=kind, details={"replay_id": replay.replay_id})


def _stored(replay: Replay, history: EventHistory) -> bool:
    # Both are the time of the transaction, so they are equal only in one.
    return replay.processed_at == history.completed_at


def _place(entry: Entry) -> tuple[datetime, int, datetime]:
    # SQS tells milliseconds, and cut off: within one, what caused the other comes first.
    millisecond = entry.at.replace(microsecond=entry.at.microsecond // 1000 * 1000)
    return millisecond, _RANKS[entry.kind], entry.at


def _known(**details: Any) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value is not None}
