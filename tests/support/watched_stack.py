"""Names of a stack as CloudWatch has them, and its table of alarms, without building anything."""

from typing import Any

from components.alarm_specs import AlarmSpec, alarm_specs
from components.measures import Watched
from components.settings import StackSettings
from functions.common.names import Service

TIMEOUTS_SECONDS = {Service.INGEST: 25, Service.PROCESSOR: 30, Service.QUERY: 28, Service.MAINTENANCE: 300}

EVERYTHING: dict[str, Any] = {
    "ingest": {"max_concurrency": 40},
    "database": {"read_replica": True, "proxy": True, "retention_days": 90, "instance_class": "db.m7g.large"},
    "secrets": {"backend": "secretsmanager"},
    "observability": {"reconciliation": True},
}
"""Settings with which a stack has every alarm there is."""


def a_watched_stack(**changes: Any) -> Watched:
    """With a replica and a proxy, unless told otherwise."""
    values: dict[str, Any] = {
        "stack": "test",
        "queue": "the-queue",
        "dead_letters": "the-dead-letters",
        "failed_runs": "the-failed-runs",
        "api": "the-api",
        "stage": "v1",
        "functions": {service: f"the-{service.value}" for service in Service},
        "timeouts_seconds": TIMEOUTS_SECONDS,
        "database": "the-database",
        "replica": "the-replica",
        "proxy": "the-proxy",
    }
    return Watched(**values | changes)


def the_table(settings: dict[str, Any] | None = None, **changes: Any) -> dict[str, AlarmSpec]:
    """Return the table by name; with no settings given, of a stack that has every alarm."""
    parsed = StackSettings.model_validate(EVERYTHING if settings is None else settings)
    return {spec.name: spec for spec in alarm_specs(a_watched_stack(**changes), parsed)}
