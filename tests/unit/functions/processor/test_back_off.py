"""Failed messages come back later each time, never all at once, and never at a time that SQS refuses."""

import pytest

from components.settings import QueueSettings
from functions.processor.back_off import back_off_seconds


@pytest.mark.parametrize(
    ("receive_count", "ceiling"),
    [(1, 4), (2, 8), (3, 16), (5, 64), (8, 512), (9, 900), (1_000_000, 900), (0, 4)],
)
def test_the_ceiling_doubles_up_to_the_cap(receive_count, ceiling):
    assert ceiling == back_off_seconds(receive_count, lambda: 0.999999)


def test_the_wait_is_spread_over_all_of_the_interval():
    assert [1, 128, 256, 384] == [back_off_seconds(8, lambda draw=draw: draw) for draw in (0.0, 0.25, 0.5, 0.75)]


def test_a_message_never_returns_at_once():
    assert 1 == back_off_seconds(1, lambda: 0.0)


def test_a_short_outage_does_not_use_up_the_deliveries():
    """On average the waits of a message that fails every time add up to more than ten minutes."""
    deliveries = QueueSettings().max_receive_count

    waits = [back_off_seconds(receive_count, lambda: 0.5) for receive_count in range(1, deliveries)]
    assert sum(waits) > 10 * 60
