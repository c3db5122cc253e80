"""So many messages a second, evenly: time that was lost is not made up for in a burst."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from functions.common.sqs_batches import ENTRIES_PER_CALL

CALLS_PER_SECOND = 4
"""A slow rate goes in small steps: one call carries what is due in a quarter of a second."""


@dataclass(kw_only=True)
class Pace:
    """Makes whoever sends wait until the next messages are due."""

    rate: float | None = None
    """Messages a second; None for as fast as it goes."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _due: float = field(default=float("-inf"), init=False)

    @property
    def per_call(self) -> int:
        """Messages that one call may carry."""
        if self.rate is None:
            return ENTRIES_PER_CALL
        return max(1, min(ENTRIES_PER_CALL, int(self.rate / CALLS_PER_SECOND)))

    def wait(self, count: int) -> None:
        """Return when the next so many messages may go."""
        if self.rate is None:
            return
        now = self.clock()
        if now < self._due:
            self.sleep(self._due - now)
        # From now on when this is late already: what was slow until here must not be fast afterwards.
        self._due = max(now, self._due) + count / self.rate
