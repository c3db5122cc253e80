"""The maintenance function's tasks, by the name its event carries."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from functions.common.log import get_logger
from functions.common.metrics import Metrics
from functions.common.names import MetricName
from functions.maintenance.database_clock import database_time
from functions.maintenance.erasure_sweep import ErasureSweep
from functions.maintenance.logins import Logins
from functions.maintenance.migrate import migrate
from functions.maintenance.orphan_sweep import OrphanSweep
from functions.maintenance.partitions import premake
from functions.maintenance.ports import Connect, SecondsLeft
from functions.maintenance.reconcile import Reconciliation, Window
from functions.maintenance.retention import Retention

log = get_logger()

Result = dict[str, Any]
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """Runs one task on a connection of its own."""

    connect: Connect
    metrics: Metrics
    logins: Logins
    retention: Retention
    reconciliation: Reconciliation
    orphans: OrphanSweep
    erasures: ErasureSweep

    def run(self, task: str, seconds_left: SecondsLeft) -> Result:
        """Run a task and return what it did.

        Raises:
            ValueError: No such task.
            Exception: Whatever stopped the task: a deployment must not go on without it.
        """
        tasks: dict[str, Callable[[Connection, SecondsLeft], Result]] = {
            "migrate": self._migrate,
            "partitions": self._premake,
            "retention": self._remove,
            "reconcile": self._reconcile,
            "orphans": self._sweep,
            "erasures": self._erase,
        }
        if task not in tasks:
            raise ValueError(f"Unknown maintenance task {task!r:.40}: expected one of {', '.join(tasks)}.")
        with self.connect() as connection:
            result = tasks[task](connection, seconds_left)
        log.info("maintenance_finished", task=task, **result)
        return result

    def _migrate(self, connection: Connection, seconds_left: SecondsLeft) -> Result:
        applied = migrate(connection)
        self.metrics.count(MetricName.MIGRATIONS_APPLIED, len(applied))
        # A new table without a partition refuses every row, so the one never happens without the other.
        partitions = self._premake(connection, seconds_left)
        self.logins.set(connection)
        return {"applied": applied, **partitions, "logins": self.logins.backend}

    def _premake(self, connection: Connection, _seconds_left: SecondsLeft) -> Result:
        partitions = premake(connection, retention_days=self.retention.days)
        self.metrics.gauge(MetricName.PARTITIONS_AHEAD, partitions.ahead)
        return {"partitions_created": partitions.created, "partitions_ahead": partitions.ahead}

    def _remove(self, connection: Connection, seconds_left: SecondsLeft) -> Result:
        removed = self.retention.run(connection, seconds_left)
        if removed is None:
            return {"retention": "everything is kept, because RETENTION_DAYS is not set"}
        self.metrics.count(MetricName.PARTITIONS_DROPPED, len(removed.partitions))
        self.metrics.count(MetricName.KEYS_DELETED, removed.keys)
        if removed.oldest_days is not None:
            self.metrics.gauge(MetricName.OLDEST_EVENT_DAYS, removed.oldest_days)
        return {
            "partitions_dropped": removed.partitions,
            "partitions_postponed": removed.postponed,
            "keys_deleted": removed.keys,
            "oldest_event_days": removed.oldest_days,
        }

    def _reconcile(self, connection: Connection, _seconds_left: SecondsLeft) -> Result:
        now = database_time(connection)
        window = Window.settled(now)
        balance = self.reconciliation.run(connection, window, now=now)
        self.metrics.gauge(MetricName.RECONCILIATION_DRIFT, balance.drift)
        return {"window_start": window.start.isoformat(), "drift": balance.drift, "events": asdict(balance)}

    def _sweep(self, connection: Connection, seconds_left: SecondsLeft) -> Result:
        sweep = self.orphans.run(connection, now=database_time(connection), seconds_left=seconds_left)
        self.metrics.count(MetricName.PAYLOADS_ORPHANED, sweep.orphaned)
        self.metrics.count(MetricName.PAYLOADS_REMOVED, sweep.removed)
        return asdict(sweep)

    def _erase(self, connection: Connection, seconds_left: SecondsLeft) -> Result:
        return asdict(self.erasures.run(connection, seconds_left))
