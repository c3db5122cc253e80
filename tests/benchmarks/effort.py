"""How much measuring is done: enough to be trusted, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Effort:
    """What one run may spend."""

    batch_pairs: int
    """Pairs of batches of ten events."""
    poison_pairs: int
    """Pairs of batches of which one event is refused; they take several times as long."""
    request_pairs: int
    """Pairs of series of requests to ingest."""
    page_rows: int
    """Events to list, if `fill_seconds` suffice."""
    fill_seconds: float
    page_pairs: int
    cold_pairs: int
    """Pairs of new interpreters."""


FULL = Effort(
    batch_pairs=1_500,
    poison_pairs=200,
    request_pairs=80,
    page_rows=2_000_000,
    fill_seconds=60,
    page_pairs=300,
    cold_pairs=20,
)
QUICK = Effort(
    batch_pairs=20,
    poison_pairs=5,
    request_pairs=5,
    page_rows=30_000,
    fill_seconds=5,
    page_pairs=10,
    cold_pairs=1,
)
