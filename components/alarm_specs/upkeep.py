"""Alarms about what happens by itself: partitions, retention, reconciliation, and the schedules that start them."""

from collections.abc import Iterator

from components.alarm_specs.spec import DAY, HOUR, AlarmSpec
from components.measures import FunctionMetric, QueueMetric, Watched
from components.settings import StackSettings
from functions.common.names import MetricName, Service

_ATTEMPTS = 3
"""Lambda tries an asynchronous event twice more after a failure."""
_LONGEST_MONTH_DAYS = 31
_MISSED_RUNS = 2
"""Daily runs that may fail before anybody hears of it from here."""


def upkeep_alarms(watched: Watched, settings: StackSettings) -> Iterator[AlarmSpec]:
    """Return maintenance's alarms."""
    yield AlarmSpec(
        name="partitions-running-out",
        watches=watched.ours(Service.MAINTENANCE, MetricName.PARTITIONS_AHEAD, "Minimum"),
        threshold=1,
        comparison="LessThanThreshold",
        period_seconds=DAY,
        # One run may be missed: three months of partitions lie ahead. Two in a row may not.
        evaluation_periods=2,
        missing_data="breaching",
        reason="No partition is ready for next month, or maintenance has stopped saying so.",
        because="Three are made ahead and reported daily. Two days: one run may be missed.",
    )
    yield AlarmSpec(
        name="failed-runs-present",
        watches=watched.of_failed_runs(QueueMetric.VISIBLE, "Maximum"),
        threshold=0,
        reason="A scheduled run of maintenance came to nothing: it could not start, or failed at every attempt.",
        because="What leaves a message there was tried again before, so one is enough.",
        shared_runbook="maintenance-failing",
    )
    yield AlarmSpec(
        name="maintenance-failing",
        # Here, unlike in the processor, a failure is raised, and so counted by Lambda.
        watches=watched.of_function(Service.MAINTENANCE, FunctionMetric.ERRORS, "Sum"),
        threshold=_ATTEMPTS,
        comparison="GreaterThanOrEqualToThreshold",
        period_seconds=HOUR,
        reason="Maintenance fails again and again, rotation of passwords included.",
        because=f"Lambda makes {_ATTEMPTS} attempts within the hour; fewer errors were mended by the next attempt.",
    )
    if settings.database.retention_days is not None:
        yield _retention(watched, settings.database.retention_days)
    if settings.observability.reconciliation:
        yield _drift(watched)


def _retention(watched: Watched, retention_days: int) -> AlarmSpec:
    return AlarmSpec(
        name="retention-behind",
        watches=watched.ours(Service.MAINTENANCE, MetricName.OLDEST_EVENT_DAYS, "Maximum"),
        threshold=retention_days + _LONGEST_MONTH_DAYS + _MISSED_RUNS,
        period_seconds=DAY,
        reason="Events are kept longer than was promised: retention does not remove them.",
        because=(
            f"Days: `database.retention_days` ({retention_days}), the month that goes as a whole, "
            f"and {_MISSED_RUNS} missed runs."
        ),
        only_with="database.retention_days",
    )


def _drift(watched: Watched) -> AlarmSpec:
    return AlarmSpec(
        name="reconciliation-drift",
        watches=watched.ours(Service.MAINTENANCE, MetricName.RECONCILIATION_DRIFT, "Maximum"),
        threshold=0,
        period_seconds=HOUR,
        reason="Events were accepted that are nowhere: not stored, not failed, in no queue.",
        because="None may be lost, and the count leaves out what is on its way: it may miss a loss, but invents none.",
        only_with="observability.reconciliation",
    )
