"""The time by AWS's own clock: this machine's may be wrong."""

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def clock_of(answer: Mapping[str, Any]) -> datetime:
    """Return the moment of a boto3 answer, in whole seconds."""
    headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
    try:
        return email.utils.parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC).replace(microsecond=0)
