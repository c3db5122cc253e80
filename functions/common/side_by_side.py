"""Many calls to a service in little time: a few threads, one limit, and no more tries once the service is down."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from functions.common.errors import OutOfTime, TransientError

Result = TypeVar("Result")

THREADS = 8
"""An AWS client keeps ten connections; more threads would wait for one another."""


def side_by_side(calls: Sequence[Callable[[], Result]], *, within_seconds: float) -> list[Result | Exception]:
    """Make the calls and return what each returned or raised, in their order.

    After the first `TransientError` no further call begins: behind it stand only more time-outs. A call that has not
    begun, or not ended, within the limit counts as `OutOfTime`; one that is under way may still have its effect.
    """
    stop = threading.Event()

    def run(call: Callable[[], Result]) -> Result:
        if stop.is_set():
            raise OutOfTime("Not tried: an earlier call failed.")
        try:
            return call()
        except TransientError:
            stop.set()
            raise

    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="side-by-side")
    try:
        futures = [pool.submit(run, call) for call in calls]
        wait(futures, timeout=within_seconds)
    finally:
        # Whoever hangs is left behind: waiting for it is what the limit forbids.
        pool.shutdown(wait=False, cancel_futures=True)
    return [_error_of(future) or future.result() for future in futures]


def _error_of(future: Future[Any]) -> Exception | None:
    if not future.done() or future.cancelled():
        return OutOfTime("The call did not end in time.")
    error = future.exception()
    return error if isinstance(error, Exception) else None
