"""A hard limit on how long a piece of work may block, for calls that have no time-out of their own.

psycopg's connection check and a statement on a hung server wait for ever: the kernel still acknowledges packets, so no
TCP setting notices. A timer signal interrupts them. Signals reach the main thread only, which is where Lambda calls us.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from functions.common.errors import OutOfTime

REPEAT_SECONDS = 1.0
"""Work that swallows the first interruption is interrupted again."""

_AT_ONCE_SECONDS = 0.001  # A timer set to zero would be off.


class _Expired(BaseException):
    """The time is up. Not an `Exception`: libraries and handlers catch those, and botocore would try again."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Interrupt the block after `seconds`. May be nested; does nothing outside the main thread.

    Raises:
        OutOfTime: The block took longer.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    armed = False

    def expire(_signal: int, _frame: FrameType | None) -> None:
        if armed:
            raise _Expired

    previous_handler = signal.signal(signal.SIGALRM, expire)
    outer_seconds, outer_repeat = signal.getitimer(signal.ITIMER_REAL)
    started = time.monotonic()
    try:
        try:
            # In here, because a short one fires before the next line.
            armed = True
            signal.setitimer(signal.ITIMER_REAL, max(seconds, _AT_ONCE_SECONDS), REPEAT_SECONDS)
            yield
        finally:
            # Two levels: should the timer fire right here, the outer one still puts everything back.
            armed = False
    except _Expired:
        raise OutOfTime(f"The work did not finish within {seconds:.1f} s.") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous_handler)
        if outer_seconds:
            left = outer_seconds - (time.monotonic() - started)
            signal.setitimer(signal.ITIMER_REAL, max(left, _AT_ONCE_SECONDS), outer_repeat)
