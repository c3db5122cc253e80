"""What a run says: progress for people on standard error, all figures for machines in one line at the end."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.timing import Comparison


@dataclass(frozen=True)
class Goal:
    """What a figure should reach."""

    limit: float
    at_least: bool = False
    """The figure should be the limit or more; otherwise the limit or less."""

    def is_reached(self, figure: float) -> bool:
        return figure >= self.limit if self.at_least else figure <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


GOALS: Mapping[str, Goal] = {
    "processor_vs_raw_sql": Goal(0.75, at_least=True),
    "redelivered_batch": Goal(0.6),
    "one_poison_in_ten": Goal(4),
    "ingest_vs_floor_1kb": Goal(2.0),
    "ingest_vs_floor_10kb": Goal(0.85),
    "ingest_vs_floor_250kb": Goal(0.65),
    "page_10000_vs_page_1": Goal(1.3),
    "cold_ingest_vs_imports": Goal(1.05),
}
COUNT_GOALS: Mapping[str, Mapping[str, Goal]] = {
    "processor_roundtrips_clean_batch": {"statements": Goal(1), "commits": Goal(1), "round_trips": Goal(1)},
    "bundle_kb": {"ingest": Goal(4_500), "processor": Goal(11_000)},
}


class Report:
    """Collects figures in the order they were measured."""

    def __init__(self) -> None:
        self._figures: dict[str, Any] = {}

    def ratio(self, name: str, comparison: Comparison) -> None:
        """Add a figure that was measured in pairs."""
        self._figures[name] = round(comparison.median, 3)
        lower, upper = comparison.quartiles
        spread = f"half of {len(comparison.ratios)} pairs in {lower:.3f} to {upper:.3f}"
        say(f"  {name} {comparison.median:.3f}, {_verdict(GOALS[name], comparison.median)} ({spread})")

    def counts(self, name: str, counts: Mapping[str, int]) -> None:
        """Add several counts that belong together."""
        self._figures[name] = dict(counts)
        for part, count in counts.items():
            say(f"  {name}: {part} {count}, {_verdict(COUNT_GOALS[name][part], count)}")

    def fact(self, name: str, value: float) -> None:
        """Add what a reader must know to judge the figures."""
        self._figures[name] = value
        say(f"  {name} {value}")

    def missing(self, name: str, reason: str) -> None:
        """Say why a figure could not be measured here."""
        self._figures |= {name: None, f"{name}_reason": reason}
        say(f"  {name} not measured: {reason}")

    def closing_line(self) -> str:
        return json.dumps(self._figures)


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def _verdict(goal: Goal, figure: float) -> str:
    return f"goal {goal} {'reached' if goal.is_reached(figure) else 'MISSED'}"
