"""Lines gathered into batches: as many as one request takes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fluxa.operate.lines import Line

EVENTS_AT_MOST = 500
"""The API's own limit."""

BYTES_AT_MOST = 4_000_000
"""The API takes 5 MiB. A longer line travels alone."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Consecutive lines of a file, those that cannot be sent among them."""

    lines: tuple[Line, ...]

    @property
    def sendable(self) -> tuple[Line, ...]:
        """The lines that hold an event."""
        return tuple(line for line in self.lines if line.reason is None)

    @property
    def last(self) -> Line:
        return self.lines[-1]


def batches(lines: Iterable[Line]) -> Iterator[Batch]:
    """Gather lines in their order; no more than one batch is held."""
    gathered: list[Line] = []
    size = 0
    for line in lines:
        cost = len(line.event) + 1
        if gathered and (len(gathered) == EVENTS_AT_MOST or size + cost > BYTES_AT_MOST):
            yield Batch(lines=tuple(gathered))
            gathered, size = [], 0
        gathered.append(line)
        size += cost
    if gathered:
        yield Batch(lines=tuple(gathered))


def body_of(lines: Iterable[Line]) -> bytes:
    """Return the request's body: a JSON array of the events as they were written."""
    return b"[%s]" % b",".join(line.event for line in lines)
