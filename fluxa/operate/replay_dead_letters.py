"""Events that failed, tried once more: no table has their payload, but their dead letters do, so these are redriven."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from fluxa.operate.dead_letters import Selection
from fluxa.operate.redrive import Redriver, Tally
from fluxa.operate.stored_pages import Place, StoredPages


@dataclass(frozen=True, kw_only=True)
class DeadLettersReplayed:
    """What became of them."""

    types: Counter[str]
    """Of all events that were meant."""
    tally: Tally
    """Of their dead letters."""
    elsewhere: tuple[str, ...]
    """The ids of those that have none, oldest first."""


def replay_dead_letters(
    pages: StoredPages,
    place: Place,
    redriver: Callable[[Selection], Redriver],
    report: Callable[[int], None],
    *,
    dry_run: bool,
) -> DeadLettersReplayed:
    """Redrive the dead letters of every event behind a place, or only count them.

    Raises:
        OperatorError: The API refuses a filter, or cannot be reached.
    """
    # All first: one walk through the queue hides its messages, and a second one would miss them.
    types = {event["event_id"]: event["type"] or "unknown" for page in pages.after(place) for event in page.events}
    # A selection without ids means every message there is.
    tally = redriver(Selection(ids=frozenset(types))).redrive(report, dry_run=dry_run) if types else Tally()
    return DeadLettersReplayed(
        types=Counter(types.values()),
        tally=tally,
        elsewhere=tuple(event_id for event_id in types if event_id not in tally.found),
    )
