import signal
import subprocess
import sys
import textwrap

import pytest

from fluxa.cli.stopping import STOP_SIGNALS, Stopping, StopRequested


def never() -> None:
    raise AssertionError("forced although the end was reached")


@pytest.mark.parametrize("number", STOP_SIGNALS, ids=lambda number: number.name)
def test_each_stop_signal_interrupts_what_is_under_way(number: signal.Signals):
    stopping = Stopping(never)

    with stopping.on_signals(), pytest.raises(StopRequested, match=number.name):
        signal.raise_signal(number)

    assert number == stopping.received


def test_a_second_ctrl_c_is_harmless():
    stopping = Stopping(never)

    with stopping.on_signals():
        with pytest.raises(StopRequested, match="SIGINT"):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    assert signal.SIGINT == stopping.received


def test_the_handlers_of_before_return_afterwards():
    before = [signal.getsignal(number) for number in STOP_SIGNALS]

    with Stopping(never).on_signals():
        assert before != [signal.getsignal(number) for number in STOP_SIGNALS]

    assert before == [signal.getsignal(number) for number in STOP_SIGNALS]


def test_an_end_that_takes_too_long_is_forced():
    """In a process of its own, because it leaves without waiting for anything."""
    program = """
        import signal, time
        from fluxa.cli.stopping import Stopping, StopRequested

        stopping = Stopping(force=lambda: print("forced"))
        stopping.patience_seconds = 0.05
        with stopping.on_signals():
            try:
                signal.raise_signal(signal.SIGTERM)
            except StopRequested:
                time.sleep(60)
    """

    outcome = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (128 + signal.SIGTERM, "forced\n", "") == (outcome.returncode, outcome.stdout, outcome.stderr)
