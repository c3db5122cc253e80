from datetime import UTC, datetime

import pytest

from fluxa.operate.moments import parse_moment, written

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00.000000Z"),
        ("30s", "2026-11-23T11:59:30.000000Z"),
        ("90m", "2026-11-23T10:30:00.000000Z"),
        ("6h", "2026-11-23T06:00:00.000000Z"),
        ("7d", "2026-11-16T12:00:00.000000Z"),
    ],
)
def test_a_moment_is_a_time_or_how_long_ago(text: str, moment: str):
    assert moment == written(parse_moment(text, now=NOW))


@pytest.mark.parametrize("text", ["", "6", "6x", "-6h", "yesterday", "2026-11-23", "999999d", "2026-02-30T00:00:00Z"])
def test_anything_else_is_refused(text: str):
    with pytest.raises(ValueError, match="or how long ago: 30s, 90m, 6h or 7d"):
        parse_moment(text, now=NOW)
