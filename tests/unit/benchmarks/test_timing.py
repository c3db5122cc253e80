import pytest

from tests.benchmarks.timing import WARM_UP_PAIRS, Comparison, compare, repeated, timed


class Clock:
    """Moves on only when work takes time."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def work(self, seconds):
        def take():
            self.now += seconds

        return take


class Series:
    """A sample that takes the seconds listed, after the warm-up, and notes when it was asked."""

    def __init__(self, *seconds, name="", journal=None):
        self._seconds = [9.0] * WARM_UP_PAIRS + list(seconds)
        self._name = name
        self._journal = [] if journal is None else journal

    def __call__(self):
        self._journal.append(self._name)
        return self._seconds.pop(0)


def test_a_ratio_is_taken_inside_each_pair():
    """The machine became ten times slower for the second pair, and both halves of it: nothing has changed."""
    comparison = compare(Series(2, 20, 2), over=Series(1, 10, 1), pairs=3)

    assert (2, 2, 2) == comparison.ratios


def test_one_disturbed_pair_does_not_move_the_figure():
    assert 2 == compare(Series(2, 100, 2), over=Series(1, 1, 1), pairs=3).median


def test_the_median_is_that_of_the_ratios_and_not_the_ratio_of_the_medians():
    """Here the latter would say 2."""
    assert 3 == compare(Series(1, 6, 3), over=Series(2, 1, 1), pairs=3).median


def test_whoever_was_second_is_first_in_the_next_pair():
    journal = []

    compare(Series(1, 1, 1, name="a", journal=journal), over=Series(1, 1, 1, name="b", journal=journal), pairs=3)
    assert ["a", "b", "b", "a", "a", "b"] == journal[2 * WARM_UP_PAIRS :]


def test_half_of_the_pairs_lie_between_the_quartiles():
    assert (2, 4) == Comparison((5, 1, 4, 2, 3)).quartiles


def test_a_single_pair_is_its_own_spread():
    assert (1.5, 1.5) == Comparison((1.5,)).quartiles


def test_preparing_is_not_counted():
    clock = Clock()

    def prepare():
        clock.now += 7
        return clock.work(2)

    sample = timed(prepare, clock=clock)

    assert (2, 2) == (sample(), sample())


def test_repeated_work_is_counted_once():
    clock = Clock()

    assert 3 == repeated(clock.work(3), times=5, clock=clock)()
    assert 15 == clock.now


def test_no_pairs_are_refused():
    with pytest.raises(ValueError, match="pairs must be at least 1, got 0"):
        compare(Series(), over=Series(), pairs=0)


def test_work_that_the_clock_cannot_see_is_no_measure():
    with pytest.raises(ValueError, match="less time than the clock can tell"):
        compare(Series(1), over=Series(0), pairs=1)
