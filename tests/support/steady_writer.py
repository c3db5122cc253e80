"""A processor that stores one batch after another, and notes how long each took."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from functions.adapters.event_store import PostgresEventStore
from tests.support.envelopes import a_recent_envelope
from tests.support.postgres_fixtures import opened_database

EVENTS_PER_BATCH = 10
PATIENCE_SECONDS = 20.0


@dataclass
class SteadyWriter:
    """What was stored, and when."""

    type: str
    stored: int = 0
    calls: list[tuple[float, float]] = field(default_factory=list)
    """When each batch began, by the monotonic clock, and how many seconds it took."""
    stopping: threading.Event = field(default_factory=threading.Event)

    def longest_between(self, start: float, end: float) -> float:
        """Return how long the slowest of those batches took that were under way in this time."""
        return max(took for began, took in self.calls if began < end and began + took > start)

    def batches_between(self, start: float, end: float) -> int:
        """Return how many batches were stored in this time."""
        return sum(start <= began + took <= end for began, took in self.calls)

    def write(self, database_url: str) -> None:
        """Store until told to stop."""
        with opened_database(database_url) as database:
            store = PostgresEventStore(database)
            for batch in count():
                if self.stopping.is_set():
                    return
                events = [
                    a_recent_envelope(f"{self.type}-{batch}-{number}", type=self.type)
                    for number in range(EVENTS_PER_BATCH)
                ]
                began = time.monotonic()
                claims = store.store(events, within_seconds=PATIENCE_SECONDS)
                self.calls.append((began, time.monotonic() - began))
                self.stored += sum(claim.is_new for claim in claims)


@contextmanager
def steady_writer(database_url: str, *, type: str) -> Iterator[SteadyWriter]:
    """Write for the length of the block; fails when a batch failed."""
    writer = SteadyWriter(type)
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(writer.write, database_url)
        try:
            yield writer
        finally:
            writer.stopping.set()
        writing.result()
