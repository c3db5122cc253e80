"""The maintenance function's tasks, by the name its event carries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from functions.common.log import get_logger
from functions.common.metrics import Metrics
from functions.common.names import MetricName
from functions.maintenance.migrate import migrate
from functions.maintenance.partitions import premake
from functions.maintenance.ports import Connect

log = get_logger()

Result = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Maintenance:
    """Runs one task on a connection of its own."""

    connect: Connect
    metrics: Metrics

    def run(self, task: str) -> Result:
        """Run a task and return what it did.

        Raises:
            ValueError: No such task.
            Exception: Whatever stopped the task: a deployment must not go on without it.
        """
        tasks: dict[str, Callable[[psycopg.Connection[Any]], Result]] = {
            "migrate": self._migrate,
            "partitions": self._premake,
        }
        if task not in tasks:
            raise ValueError(f"Unknown maintenance task {task!r:.40}: expected one of {', '.join(tasks)}.")
        with self.connect() as connection:
            result = tasks[task](connection)
        log.info("maintenance_finished", task=task, **result)
        return result

    def _migrate(self, connection: psycopg.Connection[Any]) -> Result:
        applied = migrate(connection)
        self.metrics.count(MetricName.MIGRATIONS_APPLIED, len(applied))
        # A new table without a partition refuses every row, so the one never happens without the other.
        return {"applied": applied, **self._premake(connection)}

    def _premake(self, connection: psycopg.Connection[Any]) -> Result:
        partitions = premake(connection)
        self.metrics.gauge(MetricName.PARTITIONS_AHEAD, partitions.ahead)
        return {"partitions_created": partitions.created, "partitions_ahead": partitions.ahead}
