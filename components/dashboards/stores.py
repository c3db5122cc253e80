"""The page about PostgreSQL and what keeps its tables in order."""

from collections.abc import Iterator

import pulumi

from components.dashboards.sight import HALF, THIRD, Sight
from components.dashboards.widgets import Row, Widget
from components.measures import DatabaseMetric, ProxyMetric, of_instance, of_proxy
from functions.common.names import MetricName, Service


def database_page(sight: Sight) -> Iterator[Row]:
    """Return the rows about the instance, its replica, the proxy in front, and maintenance."""
    watched = sight.watched
    yield sight.heading(
        "Database", "What PostgreSQL has left, how quickly it answers, and whether its tables are in order."
    )
    yield [
        sight.alarm("Processor (%)", "database-cpu-high", "database-cpu-high-replica"),
        sight.alarm("Connections", "database-connections-high", "database-connections-high-replica"),
        sight.alarm("Free storage (bytes)", "database-storage-low", "database-storage-low-replica"),
    ]
    yield [
        _of_instances(sight, "Latency of the storage (s)", DatabaseMetric.READ_LATENCY, DatabaseMetric.WRITE_LATENCY),
        _of_instances(sight, "Operations per second", DatabaseMetric.READS, DatabaseMetric.WRITES),
        _of_instances(sight, "Operations that wait", DatabaseMetric.WAITING_IO),
    ]
    yield [
        _of_instances(sight, "Free memory (bytes)", DatabaseMetric.FREE_MEMORY, width=HALF),
        *([] if watched.replica is None else [_lag(sight)]),
    ]
    if watched.proxy is not None:
        yield _proxy(sight, watched.proxy)
    yield [
        sight.alarm("Partitions ahead (one a day)", "partitions-running-out"),
        sight.lines(
            "Retention",
            ("months dropped", watched.ours(Service.MAINTENANCE, MetricName.PARTITIONS_DROPPED)),
            ("keys deleted", watched.ours(Service.MAINTENANCE, MetricName.KEYS_DELETED)),
            ("events erased", watched.ours(Service.MAINTENANCE, MetricName.EVENTS_ERASED)),
            ("oldest event (days)", watched.ours(Service.MAINTENANCE, MetricName.OLDEST_EVENT_DAYS, "Maximum")),
        ),
        sight.lines(
            "Found by looking",
            ("events that are nowhere", watched.ours(Service.MAINTENANCE, MetricName.RECONCILIATION_DRIFT, "Maximum")),
            ("payloads without an event", watched.ours(Service.MAINTENANCE, MetricName.PAYLOADS_ORPHANED, "Maximum")),
            ("of these removed", watched.ours(Service.MAINTENANCE, MetricName.PAYLOADS_REMOVED)),
        ),
    ]
    yield [
        sight.lines(
            "Migrations applied",
            ("migrations", watched.ours(Service.MAINTENANCE, MetricName.MIGRATIONS_APPLIED)),
            width=HALF,
        ),
        sight.alarm("Maintenance that failed", "maintenance-failing", width=HALF),
    ]
    yield sight.function(Service.MAINTENANCE)
    yield sight.problems(Service.MAINTENANCE)


def _of_instances(sight: Sight, title: str, *names: DatabaseMetric, width: int = THIRD) -> Widget:
    instances = sight.watched.instances()
    return sight.lines(
        title,
        *(
            (f"{name.value}{suffix}", of_instance(instance, name, "Average"))
            for suffix, instance in instances.items()
            for name in names
        ),
        width=width,
    )


def _lag(sight: Sight) -> Widget:
    return sight.alarm("Replica behind, while events are stored (s)", "replica-lag", width=HALF)


def _proxy(sight: Sight, proxy: pulumi.Input[str]) -> Row:
    return [
        sight.alarm("Proxy: wait for a connection (µs)", "proxy-borrow-slow", width=HALF),
        sight.lines(
            "Proxy: connections",
            ("clients", of_proxy(proxy, ProxyMetric.CLIENTS, "Sum")),
            ("pinned", of_proxy(proxy, ProxyMetric.PINNED, "Maximum")),
            width=HALF,
        ),
    ]
