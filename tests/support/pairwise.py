"""Rows that together hold every pair of values that may stand together: most faults need no more than two causes.

A greedy construction after AETG (Cohen and others, 1997), with a callback for what may not stand together. The same
seed gives the same rows.
"""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str]
Pair = frozenset[tuple[str, str]]
"""Two parameters, each with one of its values."""

Completion = Callable[[Row, frozenset[str]], Row | None]
"""Changes what has to change for a row to be allowed, but no parameter that is named; None when there is no way."""

CANDIDATES = 12
"""Rows that are tried for each that is taken: more give fewer rows, and take longer."""


@dataclass(frozen=True, kw_only=True)
class Covering:
    """Rows, and the pairs that no row can hold."""

    rows: Sequence[Row]
    impossible: frozenset[Pair]


def covering(parameters: Mapping[str, Sequence[str]], complete: Completion, *, rows: int, seed: int) -> Covering:
    """Build at least so many rows, over which every possible pair is spread as evenly as they allow."""
    search = _Search(parameters, complete, random.Random(seed))
    every_pair = frozenset(pairs_of_parameters(parameters))
    taken: list[Row] = []
    open_pairs, each_was_met = set(every_pair), False
    while not each_was_met or len(taken) < rows:
        row = search.row_for(min(open_pairs, key=sorted), open_pairs)
        if row is not None:
            taken.append(row)
            open_pairs -= set(pairs_of(row))
        open_pairs -= search.impossible
        if not open_pairs:
            # What is left of the number is spent on second and third meetings.
            open_pairs, each_was_met = set(every_pair - search.impossible), True
    return Covering(rows=taken, impossible=frozenset(search.impossible))


def pairs_of(row: Row) -> Iterator[Pair]:
    """Yield every pair that a row holds."""
    return (frozenset(pair) for pair in itertools.combinations(row.items(), 2))


def pairs_of_parameters(parameters: Mapping[str, Sequence[str]]) -> Iterator[Pair]:
    """Yield every pair that can be written down, possible or not."""
    for first, second in itertools.combinations(parameters, 2):
        for values in itertools.product(parameters[first], parameters[second]):
            yield frozenset({(first, values[0]), (second, values[1])})


class _Search:
    def __init__(self, parameters: Mapping[str, Sequence[str]], complete: Completion, dice: random.Random) -> None:
        self._parameters = parameters
        self._complete = complete
        self._dice = dice
        self.impossible: set[Pair] = set()

    def row_for(self, wanted: Pair, open_pairs: set[Pair]) -> Row | None:
        """Return the best row found that holds a pair, or note that there is none."""
        fixed = dict(wanted)
        attempts = (self._complete(self._guess(fixed, open_pairs), frozenset(fixed)) for _ in range(CANDIDATES))
        found = [row for row in attempts if row is not None]
        if not found:
            self.impossible.add(wanted)
            return None
        return max(found, key=lambda row: sum(pair in open_pairs for pair in pairs_of(row)))

    def _guess(self, fixed: Row, open_pairs: set[Pair]) -> Row:
        row = dict(fixed)
        others = [name for name in self._parameters if name not in row]
        self._dice.shuffle(others)
        for name in others:
            row[name] = max(
                self._shuffled(self._parameters[name]),
                key=lambda value: sum(frozenset({(name, value), other}) in open_pairs for other in row.items()),
            )
        return row

    def _shuffled(self, values: Iterable[str]) -> list[str]:
        shuffled = list(values)
        self._dice.shuffle(shuffled)
        return shuffled
