"""Builders of what was written down while an event was handled."""

from datetime import datetime, timedelta
from typing import Any

from functions.common.names import EventStatus
from functions.query.ports import EventHistory, FailedAttempt, Replay
from tests.support.stored_events import NOON

REDRIVE = "redrive-019358f1-0b17-7d4a-8f3e-2c5d7a9b1e60"


def after(seconds: float) -> datetime:
    """A moment so long after the event was accepted, in whole milliseconds as SQS tells them."""
    moment = NOON + timedelta(seconds=seconds)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def a_history(**changes: Any) -> EventHistory:
    """An event that was stored at its first attempt, two seconds after it was accepted."""
    fields: dict[str, Any] = {
        "event_id": "e-1",
        "received_at": NOON,
        "status": EventStatus.COMPLETED,
        "correlation_id": "c-1",
        "attempts": 1,
        "queued_at": after(0.5),
        "completed_at": NOON + timedelta(seconds=2),
    }
    return EventHistory(**fields | changes)


def an_attempt(attempt: int = 1, *, at: datetime | None = None, **changes: Any) -> FailedAttempt:
    """A failed attempt, as it was written down before there were timelines."""
    at = at or NOON + timedelta(seconds=attempt)
    return FailedAttempt(at=at, attempt=attempt, **{"code": "database_busy", "message": "Busy."} | changes)


def a_redriven_history(**changes: Any) -> EventHistory:
    """An event that failed, was parked, and was stored by a redrive."""
    redriven_at, stored_at = after(60), NOON + timedelta(seconds=61)
    failures = (
        an_attempt(1, queued_at=after(0.5), outcome="retry"),
        an_attempt(2, queued_at=after(0.5), outcome="dead_lettered", code="permanent_error", message="Out of stock."),
    )
    redrive = Replay(replay_id=REDRIVE, requested_at=redriven_at, processed_at=stored_at)
    fields: dict[str, Any] = {
        "attempts": 3,
        "failures": failures,
        "queued_at": redriven_at,
        "completed_at": stored_at,
        "replays": (redrive,),
    }
    return a_history(**fields | changes)
