"""A steady rate, by a clock of the test's own."""

import pytest

from fluxa.operate.pace import Pace


class Time:
    def __init__(self) -> None:
        self.now = 100.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def pace(time: Time, rate: float | None) -> Pace:
    return Pace(rate=rate, clock=lambda: time.now, sleep=time.sleep)


@pytest.mark.parametrize(("rate", "per_call"), [(None, 10), (0.1, 1), (1, 1), (7.9, 1), (8, 2), (40, 10), (1000, 10)])
def test_a_slow_rate_goes_in_small_steps(time: Time, rate: float | None, per_call: int):
    assert per_call == pace(time, rate).per_call


@pytest.mark.parametrize("rate", [0.5, 3.0, 20.0, 200.0])
def test_so_many_messages_take_so_long(time: Time, rate: float):
    steady = pace(time, rate)
    sent = 0
    while sent < 400:
        steady.wait(steady.per_call)
        sent += steady.per_call

    # The last ones need not be waited for.
    assert pytest.approx(100 + (sent - steady.per_call) / rate) == time.now


def test_what_sending_takes_is_no_pause(time: Time):
    steady = pace(time, 20.0)
    for _ in range(10):
        steady.wait(5)
        time.now += 0.2

    assert pytest.approx([0.05] * 9) == time.naps


def test_lost_time_is_not_made_up_for_in_a_burst(time: Time):
    steady = pace(time, 10.0)
    steady.wait(2)
    time.now += 60
    for _ in range(3):
        steady.wait(2)

    assert pytest.approx([0.2, 0.2]) == time.naps


def test_without_a_rate_nobody_waits(time: Time):
    steady = pace(time, None)
    for _ in range(100):
        steady.wait(10)

    assert [] == time.naps
