"""Work that blocks is interrupted, once, and nothing of the timer stays behind."""

import contextlib
import signal
import threading
import time

import pytest

from functions.adapters.deadline import deadline
from functions.common.errors import OutOfTime


def remaining():
    return signal.getitimer(signal.ITIMER_REAL)[0]


@pytest.fixture(autouse=True)
def outer_timer():
    """The test runner has a timer of its own on the same signal, which must survive every test."""
    before = remaining()
    yield
    if before:
        assert before - 5 < remaining() <= before


def test_work_that_blocks_is_interrupted():
    started = time.monotonic()

    with pytest.raises(OutOfTime, match=r"within 0\.1 s"), deadline(0.1):
        time.sleep(10)

    assert time.monotonic() - started < 2


def test_work_in_time_is_left_alone():
    handler = signal.getsignal(signal.SIGALRM)

    with deadline(30):
        assert 29 < remaining() <= 30

    assert handler is signal.getsignal(signal.SIGALRM)


def test_no_time_at_all_interrupts_at_once():
    with pytest.raises(OutOfTime, match=r"within 0\.0 s"), deadline(0):
        time.sleep(10)


def test_work_that_swallows_the_interruption_is_interrupted_again():
    swallowed = []

    def work():
        try:
            time.sleep(10)
        except BaseException:  # noqa: BLE001 - the worst that work can do
            swallowed.append(1)
        time.sleep(10)

    with pytest.raises(OutOfTime, match="did not finish"), deadline(0.05):
        work()

    assert [1] == swallowed


def test_a_library_that_catches_errors_and_tries_again_is_interrupted_all_the_same():
    tries = []

    def work():
        while len(tries) < 3:
            tries.append(1)
            with contextlib.suppress(Exception):
                time.sleep(10)

    with pytest.raises(OutOfTime, match="did not finish"), deadline(0.05):
        work()

    assert [1] == tries


def test_an_inner_deadline_does_not_disarm_the_outer_one():
    def work():
        with pytest.raises(OutOfTime, match=r"within 0\.1 s"), deadline(0.1):
            time.sleep(10)
        time.sleep(10)

    with pytest.raises(OutOfTime, match=r"within 0\.2 s"), deadline(0.2):
        work()


def test_an_outer_deadline_that_passed_meanwhile_fires_afterwards():
    def work():
        with deadline(30):
            time.sleep(0.15)
        time.sleep(10)

    with pytest.raises(OutOfTime, match=r"within 0\.1 s"), deadline(0.1):
        work()


def test_other_threads_are_not_guarded():
    outcome = []

    def work():
        with deadline(0.01):
            time.sleep(0.05)
        outcome.append("finished")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert ["finished"] == outcome
