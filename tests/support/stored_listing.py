"""`GET /events?order=oldest` in memory, as `openapi.yaml` has it: for a `BatchServer` to answer with."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def moment(seconds: float) -> str:
    """Return a moment as the API writes it, counted from `BEGIN`."""
    return (BEGIN + timedelta(seconds=seconds)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def an_event(n: int, *, seconds: float | None = None, **changes: Any) -> dict[str, Any]:
    """An event as a page shows it, as far as a replay looks at it; the n-th is accepted n seconds after the first."""
    event = {
        "event_id": f"e-{n:05}",
        "received_at": moment(n if seconds is None else seconds),
        "status": "completed",
        "type": "order.created",
        "source": None,
        "user_id": None,
        "correlation_id": f"c-{n}",
        "payload_bytes": 7,
        "payload_key": None,
    }
    return event | changes


class StoredListing:
    """The events there are, and what was asked for."""

    def __init__(self) -> None:
        self.stored: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.cursor_key = 1
        """Cursors of another one are refused."""
        self.page_at_most = 1_000
        """Pages may be shorter than what is asked for, because answers have a limit of bytes."""

    def __call__(self, parameters: dict[str, str]) -> dict[str, Any] | tuple[int, dict[str, Any], dict[str, str]]:
        self.asked.append(parameters)
        filters = {name: value for name, value in parameters.items() if name not in {"limit", "cursor"}}
        after = ("", "")
        if "cursor" in parameters:
            key, made_for, *last = json.loads(bytes.fromhex(parameters["cursor"]))
            if (key, made_for) != (self.cursor_key, filters):
                return 400, {"code": "invalid_cursor", "detail": "The cursor was changed, or is too old."}, {}
            after = (last[0], last[1])
        matching = sorted(
            (event for event in self.stored if _matches(event, filters)),
            key=lambda event: (event["received_at"], event["event_id"]),
        )
        behind = [event for event in matching if (event["received_at"], event["event_id"]) > after]
        items = behind[: min(self.page_at_most, int(parameters["limit"]))]
        cursor = None
        if len(items) < len(behind):
            last = [items[-1]["received_at"], items[-1]["event_id"]]
            cursor = json.dumps([self.cursor_key, filters, *last]).encode().hex()
        return {"items": items, "next_cursor": cursor}


def _matches(event: dict[str, Any], filters: dict[str, str]) -> bool:
    others = {name: value for name, value in filters.items() if name not in {"from", "to", "order"}}
    assert filters["order"] == "oldest"
    return (
        filters.get("from", "") <= event["received_at"] < filters.get("to", "9")
        and {name: event[name] for name in others} == others
    )
