"""What a replay would send, counted: nothing is sent, restored or kept."""

from collections import Counter
from dataclasses import dataclass, field

from fluxa.operate.payload_objects import ObjectState, PayloadObjects
from fluxa.operate.replay import payloads_of
from fluxa.operate.replay_progress import Report, Step, fraction_of
from fluxa.operate.stored_pages import Place, StoredPages


@dataclass(kw_only=True)
class Rehearsal:
    """Counts of events."""

    events: int = 0
    types: Counter[str] = field(default_factory=Counter)
    inline: int = 0
    """Their payload is in the table."""
    payloads: Counter[ObjectState] = field(default_factory=Counter)
    """All others', by whether S3 gives it out."""


def rehearse(pages: StoredPages, objects: PayloadObjects, place: Place, report: Report, *, before: str) -> Rehearsal:
    """Count every event behind a place.

    Raises:
        OperatorError: The API or S3 could not be asked.
    """
    counted = Rehearsal()
    begins: str | None = None
    for page in pages.after(place):
        found = {state: len(events) for state, events in payloads_of(page.events, objects).items()}
        counted.events += len(page.events)
        counted.types.update(event["type"] for event in page.events)
        counted.inline += len(page.events) - sum(found.values())
        counted.payloads.update(found)
        begins = begins or page.events[0]["received_at"]
        reached = page.events[-1]["received_at"]
        fraction = fraction_of(reached, begins=begins, before=before)
        report(Step(count=counted.events, reached=reached, fraction=fraction))
    return counted
