import threading
import time

import pytest

from functions.common.errors import OutOfTime, PermanentError, QueueUnavailable
from functions.common.side_by_side import THREADS, side_by_side

LIMIT = 20.0


def test_results_come_in_the_order_of_the_calls():
    calls = [lambda number=number: time.sleep(0.001 * (20 - number)) or number for number in range(20)]

    assert list(range(20)) == side_by_side(calls, within_seconds=LIMIT)


def test_an_error_is_its_own_calls_result():
    def fail():
        raise PermanentError("This one.")

    first, second, third = side_by_side([lambda: 1, fail, lambda: 3], within_seconds=LIMIT)

    assert (1, "This one.", 3) == (first, str(second), third)


def test_calls_are_made_at_the_same_time():
    together = threading.Barrier(THREADS, timeout=LIMIT)

    assert set(range(THREADS)) == set(side_by_side([together.wait] * THREADS, within_seconds=LIMIT))


def test_behind_an_outage_no_further_call_begins():
    begun = []

    def fail():
        begun.append(1)
        time.sleep(0.01)
        raise QueueUnavailable("down")

    outcomes = side_by_side([fail] * 100, within_seconds=LIMIT)

    assert len(begun) <= 2 * THREADS
    assert {QueueUnavailable, OutOfTime} == {type(outcome) for outcome in outcomes}


def test_a_call_that_hangs_is_left_behind():
    release = threading.Event()
    started = time.monotonic()

    quick, hanging = side_by_side([lambda: "done", release.wait], within_seconds=0.2)
    release.set()

    assert ("done", OutOfTime) == (quick, type(hanging))
    assert time.monotonic() - started < LIMIT / 4


@pytest.mark.parametrize("limit", [0.0, -1.0])
def test_without_time_nothing_is_waited_for(limit):
    release = threading.Event()

    (outcome,) = side_by_side([release.wait], within_seconds=limit)
    release.set()

    assert isinstance(outcome, OutOfTime)


def test_no_calls_are_no_results():
    assert [] == side_by_side([], within_seconds=LIMIT)
