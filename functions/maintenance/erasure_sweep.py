"""The hourly look at erasures: goes on with those that are not finished, and finds what came late for the others."""

from dataclasses import dataclass
from typing import Any

import psycopg

from functions.maintenance.erase import Eraser
from functions.maintenance.erasure import TablesOn
from functions.maintenance.ports import SecondsLeft

ERASURES_PER_RUN = 5_000
"""Each costs a look at every month; the others come first in the next run."""

FORGET_HOURS = "DELETE FROM erased_hours WHERE received_hour < now() - interval '2 days'"


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What a run came to."""

    erasures_watched: int
    erasures_settled: int
    """Of these, nothing is left at this moment."""


@dataclass(frozen=True, kw_only=True)
class ErasureSweep:
    """Works at every erasure that is not over."""

    tables: TablesOn
    eraser: Eraser

    def run(self, connection: psycopg.Connection[Any], seconds_left: SecondsLeft) -> Swept:
        """Do as much as the invocation's time allows.

        Raises:
            Exception: What stopped one of them.
        """
        connection.execute(FORGET_HOURS)
        tables = self.tables(connection)
        watched = tables.records.watched(ERASURES_PER_RUN)
        settled = self.eraser.work(tables.traces, watched, seconds_left)
        return Swept(erasures_watched=len(watched), erasures_settled=settled)
