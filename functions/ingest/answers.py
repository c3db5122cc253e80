"""What clients are told: 202 for an event; 207 for a batch, with what each of its events would have been told alone."""

from collections.abc import Sequence
from typing import Any

from functions.common.errors import FluxaError, PermanentError
from functions.common.http import RETRY_AFTER_SECONDS, json_response, problem_document
from functions.ingest.accept import Accepted
from functions.ingest.batch_accept import Place

FIELDS_SHOWN = 5
"""Fields named for one event: five hundred such problems, their names written in escapes, stay below Lambda's 6 MB."""

ACCEPTED, REJECTED, FAILED = "accepted", "rejected", "failed"


def event_response(accepted: Accepted, *, correlation_id: str) -> dict[str, Any]:
    """Answer with where to look for the event."""
    body = {
        "event_id": accepted.event_id,
        "correlation_id": correlation_id,
        "status": ACCEPTED,
        "status_url": _status_url(accepted.event_id),
    }
    return json_response(202, body, correlation_id=correlation_id)


def status_of(place: Place) -> str:
    """Return the one word: `rejected` is the event's fault and final, `failed` is ours and worth another try."""
    if place.outcome is None:
        return ACCEPTED
    return REJECTED if isinstance(place.outcome, PermanentError) else FAILED


def batch_response(places: Sequence[Place], *, correlation_id: str) -> dict[str, Any]:
    """Answer with every event's outcome."""
    items = [_item(index, place, correlation_id) for index, place in enumerate(places)]
    counts = {status: sum(item["status"] == status for item in items) for status in (ACCEPTED, REJECTED, FAILED)}
    return json_response(
        207,
        {"correlation_id": correlation_id, **counts, "items": items},
        correlation_id=correlation_id,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)} if counts[FAILED] else None,
    )


def _item(index: int, place: Place, correlation_id: str) -> dict[str, Any]:
    item: dict[str, Any] = {"index": index, "status": status_of(place)}
    if place.event_id is not None:
        item["event_id"] = place.event_id
    error = place.outcome
    if error is None:
        return item | {"status_code": 202, "status_url": _status_url(place.event_id)}
    return item | {
        "status_code": error.status if isinstance(error, FluxaError) else 500,
        "error": problem_document(error, correlation_id=correlation_id, fields_shown=FIELDS_SHOWN),
    }


def _status_url(event_id: str | None) -> str:
    return f"/events/{event_id}"
