"""Ratios of two kinds of work, measured in pairs: whatever slows this machine slows both halves of a pair alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
Work = Callable[[], object]
Sample = Callable[[], float]
"""Does the work and returns the seconds it took."""

WARM_UP_PAIRS = 1
"""Not counted: they fill caches and make connections."""


@dataclass(frozen=True)
class Comparison:
    """How many times as long one kind of work takes as another."""

    ratios: tuple[float, ...]
    """One for each pair."""

    @property
    def median(self) -> float:
        """The figure: a pair that something else disturbed has no say in it."""
        return statistics.median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        """How far to trust it: half of the pairs lie between these two."""
        if len(self.ratios) == 1:
            return self.median, self.median
        lower, _, upper = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return lower, upper


def compare(work: Sample, *, over: Sample, pairs: int) -> Comparison:
    """Return the seconds that `work` takes over those that `over` takes, in as many pairs.

    Raises:
        ValueError: No pairs were asked for, or `over` takes less than the clock can tell.
    """
    if pairs < 1:
        raise ValueError(f"pairs must be at least 1, got {pairs}")
    for _ in range(WARM_UP_PAIRS):
        work(), over()
    return Comparison(tuple(_ratio(work, over, work_first=number % 2 == 0) for number in range(pairs)))


def timed(prepare: Callable[[], Work], *, clock: Clock = time.perf_counter) -> Sample:
    """Return a sample of work that must be prepared anew each time; preparing it is not counted."""

    def sample() -> float:
        work = prepare()
        started = clock()
        work()
        return clock() - started

    return sample


def repeated(work: Work, *, times: int, clock: Clock = time.perf_counter) -> Sample:
    """Return a sample of work that is too short to be timed once."""

    def sample() -> float:
        rounds = range(times)
        started = clock()
        for _ in rounds:
            work()
        return (clock() - started) / times

    return sample


def _ratio(work: Sample, over: Sample, *, work_first: bool) -> float:
    # Whoever comes second finds warmer caches, or a warmer processor: they take turns.
    if work_first:
        seconds, over_seconds = work(), over()
    else:
        over_seconds, seconds = over(), work()
    if over_seconds <= 0:
        raise ValueError("the work to compare with takes less time than the clock can tell: repeat it")
    return seconds / over_seconds
