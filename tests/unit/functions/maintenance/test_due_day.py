"""Which day's payloads are looked at, and why no request of now can have anything to do with them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from functions.common.envelope import payload_key
from functions.maintenance.orphan_sweep import VISITS, due_day

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def test_every_day_is_looked_at_when_it_is_one_two_four_days_old_and_so_on_for_years():
    ended = date(2026, 1, 1)
    runs = [NEW_YEAR + number * HOUR for number in range(24 * 3_000)]

    visits = Counter((now.date() - ended).days for now in runs if due_day(now) == ended - DAY)

    assert {2**number: 2 for number in range(VISITS)} == visits


@pytest.mark.parametrize("minute", [0, 27, 59])
def test_a_run_that_comes_too_late_looks_at_another_day_and_not_at_a_younger_one_than_it_may(minute):
    for hour in range(48):
        now = NEW_YEAR + hour * HOUR + timedelta(minutes=minute)

        assert due_day(now) + DAY <= now.date() - DAY


def test_the_key_that_a_retry_writes_now_lies_under_no_day_that_is_looked_at():
    """It would find the orphan in its place, take it for its own payload, and refer to what is being removed."""
    for minutes in range(0, 48 * 60, 7):
        now = NEW_YEAR + timedelta(minutes=minutes)
        # However long a request may take, and however wrong ingest's clock may be, within reason.
        for received_at in (now, now - 23 * HOUR, now + 23 * HOUR):
            key = payload_key(event_id="e-1", payload_sha256="ab" * 32, received_at=received_at)

            assert not key.startswith(f"payloads/{due_day(now):%Y/%m/%d}/")


def test_in_whatever_zone_the_clock_shows_its_time_days_are_those_of_utc():
    kiritimati = timezone(timedelta(hours=14))

    assert due_day(NEW_YEAR) == due_day(NEW_YEAR.astimezone(kiritimati))
