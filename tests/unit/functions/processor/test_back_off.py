"""Failed messages come back later each time, never all at once, and never at a time that SQS refuses."""

import pytest

from functions.processor.back_off import back_off_seconds


@pytest.mark.parametrize(
    ("receive_count", "ceiling"),
    [(1, 2), (2, 4), (3, 8), (5, 32), (8, 256), (9, 300), (1_000_000, 300), (0, 2)],
)
def test_the_ceiling_doubles_up_to_the_cap(receive_count, ceiling):
    assert ceiling == back_off_seconds(receive_count, lambda: 0.999999)


def test_the_wait_is_spread_over_all_of_the_interval():
    assert [1, 64, 128, 192] == [back_off_seconds(8, lambda draw=draw: draw) for draw in (0.0, 0.25, 0.5, 0.75)]


def test_a_message_never_returns_at_once():
    assert 1 == back_off_seconds(1, lambda: 0.0)
