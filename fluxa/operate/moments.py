"""Moments as operators write them: an RFC 3339 time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from functions.common.events import parse_timestamp

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_moment(text: str, *, now: datetime | None = None) -> datetime:
    """Read `2026-11-23T12:00:00Z` or `90m`, which is ninety minutes ago; the result is UTC.

    Raises:
        ValueError: It is neither.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return parse_timestamp(text)
    except (ValueError, OverflowError):
        raise ValueError("must be a time such as 2026-11-23T12:00:00Z, or how long ago: 30s, 90m, 6h or 7d") from None


def written(moment: datetime) -> str:
    """Return a moment as the API takes and gives it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
