"""How long this invocation may still run, and what that is enough for.

An invocation that is cut off by its time-out loses its answer: all ten messages return, the nine stored ones as well.
"""

from collections.abc import Callable
from dataclasses import dataclass

from functions.common.errors import OutOfTime

RESERVE_SECONDS = 2.0
"""Kept back from work: to park, record, delay and report what did not work out."""

WORK_SECONDS = 2.0
"""No message is begun with less than this: connecting to the database alone may take a second."""

ANSWER_SECONDS = 0.5
"""Kept back from everything: to flush metrics and answer."""


@dataclass(frozen=True)
class TimeLeft:
    """A view of the invocation's clock."""

    remaining_seconds: Callable[[], float]

    def for_work(self) -> float:
        """Return how many seconds one message may take from now on.

        Raises:
            OutOfTime: Too few to begin.
        """
        seconds = self.remaining_seconds() - RESERVE_SECONDS
        if seconds < WORK_SECONDS:
            raise OutOfTime("Too little of the invocation is left to begin this message.")
        return seconds

    def for_aftermath(self) -> float:
        """Return how many seconds parking or recording may take from now on.

        Raises:
            OutOfTime: None.
        """
        seconds = self.remaining_seconds() - ANSWER_SECONDS
        if seconds <= 0:
            raise OutOfTime("Too little of the invocation is left to report a failure.")
        return seconds
