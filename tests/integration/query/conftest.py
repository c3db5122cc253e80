"""A migrated database with the months that the builders' events fall into, and the adapter on it."""

import itertools

import pytest

from functions.adapters.stored_events import PostgresStoredEvents

MONTHS = ("2026-10-01", "2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01")


@pytest.fixture
def writer(admin):
    """A connection that seeds the tables."""
    for start, end in itertools.pairwise(MONTHS):
        partition = f"events_{start[:4]}_{start[5:7]}"
        admin.execute(
            f"CREATE TABLE IF NOT EXISTS {partition} PARTITION OF events "
            f"FOR VALUES FROM ('{start} 00:00:00+00') TO ('{end} 00:00:00+00')"
        )
    return admin


@pytest.fixture
def stored(database):
    """The adapter under test."""
    return PostgresStoredEvents(database)
