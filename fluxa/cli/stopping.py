"""How `fluxa dev` ends when it is asked to: in good order, within five seconds, whatever it was doing."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

PATIENCE_WHILE_STARTING_SECONDS = 1.5
"""Nothing is in the queues yet, so a start that does not let itself be interrupted is cut off soon."""

PATIENCE_WHILE_UP_SECONDS = 4.5
"""The emulator writes its messages down; five seconds are promised in all."""


class StopRequested(KeyboardInterrupt):
    """The operator or the system wants this process to end. Only a `KeyboardInterrupt` passes through asyncio."""


class Stopping:
    """Turns the first stop signal into `StopRequested`, ignores the others, and sees to it that the end is reached.

    Args:
        force: Called when the end takes too long, before the process leaves without further ado.
    """

    def __init__(self, force: Callable[[], None]) -> None:
        self._force = force
        self._finished = threading.Event()
        self.patience_seconds = PATIENCE_WHILE_STARTING_SECONDS
        self.received: signal.Signals | None = None

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Be in charge of the signals inside the block. Must be entered in the main thread."""
        before = {number: signal.signal(number, self._handle) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            self._finished.set()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self.received is not None:
            return
        self.received = signal.Signals(number)
        threading.Thread(target=self._insist, args=(self.received,), daemon=True).start()
        raise StopRequested(self.received.name)

    def _insist(self, number: signal.Signals) -> None:
        if not self._finished.wait(self.patience_seconds):
            self._force()
            leave(128 + number)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let every stop signal end the block as Ctrl-C does, so that it can say how far it is."""

    def stop(number: int, _: FrameType | None) -> None:
        raise StopRequested(signal.Signals(number).name)

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(code: int) -> None:
    """End the process now: no thread is waited for, and nothing is taken apart."""
    for stream in (sys.stdout, sys.stderr):
        # Whoever read the other end of a pipe may have left before us.
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)
