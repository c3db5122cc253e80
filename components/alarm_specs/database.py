"""Alarms about PostgreSQL, its replica and the proxy in front: is there room left, and is the copy up to date?"""

from collections.abc import Iterator

import pulumi

from components.alarm_specs.spec import FIVE_MINUTES, AlarmSpec
from components.measures import DatabaseMetric, Formula, ProxyMetric, Watched, of_instance, of_proxy
from components.settings import StackSettings
from components.settings.connections import BUDGET_SHARE, connection_budget
from functions.common.names import MetricName, Service

_BYTES_PER_GIB = 2**30
_BORROW_MICROSECONDS = 1_000_000
"""A connection is handed over within milliseconds, and functions give up waiting for one after five seconds."""
_REPLICA = "database.read_replica"


def database_alarms(watched: Watched, settings: StackSettings) -> Iterator[AlarmSpec]:
    """Return the alarms of every instance, then those of replication and the proxy."""
    for suffix, instance in watched.instances().items():
        yield from _instance(suffix, instance, settings)
    if watched.replica is not None:
        yield _lag(watched, watched.replica, settings)
    if watched.proxy is not None:
        yield _borrowing(watched.proxy)


def _instance(suffix: str, instance: pulumi.Input[str], settings: StackSettings) -> Iterator[AlarmSpec]:
    which, only_with = ("replica", _REPLICA) if suffix else ("database", None)
    instance_class, percent = settings.database.instance_class, settings.alarms.free_storage_percent
    yield AlarmSpec(
        name=f"database-connections-high{suffix}",
        watches=of_instance(instance, DatabaseMetric.CONNECTIONS, "Maximum"),
        threshold=connection_budget(instance_class),
        evaluation_periods=5,
        reason=f"The {which} holds more connections than were planned for; soon it refuses some.",
        because=(
            f"{BUDGET_SHARE * 100:g} % of what {instance_class} takes. "
            "Five minutes: deployments hold old ones for a while."
        ),
        shared_runbook="database-connections-high",
        only_with=only_with,
    )
    yield AlarmSpec(
        name=f"database-storage-low{suffix}",
        watches=of_instance(instance, DatabaseMetric.FREE_STORAGE, "Minimum"),
        threshold=settings.database.allocated_storage_gb * _BYTES_PER_GIB * percent / 100,
        comparison="LessThanThreshold",
        period_seconds=FIVE_MINUTES,
        evaluation_periods=3,
        reason=f"The {which} runs out of storage. It grows by itself, but not for ever, and once in six hours only.",
        because=(
            f"Bytes: {percent:g} % of `database.allocated_storage_gb`, by `alarms.free_storage_percent`. "
            "RDS grows at 10 %, so this comes first."
        ),
        shared_runbook="database-storage-low",
        only_with=only_with,
    )
    yield AlarmSpec(
        name=f"database-cpu-high{suffix}",
        watches=of_instance(instance, DatabaseMetric.CPU, "Average"),
        threshold=settings.alarms.database_cpu_percent,
        period_seconds=FIVE_MINUTES,
        evaluation_periods=3,
        reason=f"The {which} has hardly any processor time left; everything that waits for it gets slower.",
        because="Percent, by `alarms.database_cpu_percent`. A quarter of an hour: short peaks are what it is for.",
        shared_runbook="database-cpu-high",
        only_with=only_with,
    )


def _lag(watched: Watched, replica: pulumi.Input[str], settings: StackSettings) -> AlarmSpec:
    return AlarmSpec(
        name="replica-lag",
        watches=Formula(
            # PostgreSQL's lag is the age of the last transaction that was replayed: on an idle stack it climbs to
            # five minutes and means nothing. So it counts while events are stored, by its lowest value.
            expression="IF(stored > 0, lag, 0)",
            metrics={
                "lag": of_instance(replica, DatabaseMetric.REPLICA_LAG, "Minimum"),
                "stored": watched.ours(Service.PROCESSOR, MetricName.EVENTS_PROCESSED),
            },
            label="Behind while events are stored (s)",
        ),
        threshold=settings.alarms.replica_lag_seconds,
        period_seconds=FIVE_MINUTES,
        evaluation_periods=3,
        reason="The replica lags behind, so queries do not find what was stored a while ago.",
        because="Seconds, by `alarms.replica_lag_seconds`, and only while events are stored: the lag of an idle stack "
        "grows by itself.",
        only_with=_REPLICA,
    )


def _borrowing(proxy: pulumi.Input[str]) -> AlarmSpec:
    return AlarmSpec(
        name="proxy-borrow-slow",
        watches=of_proxy(proxy, ProxyMetric.BORROW_LATENCY, "Average"),
        threshold=_BORROW_MICROSECONDS,
        period_seconds=FIVE_MINUTES,
        evaluation_periods=3,
        reason="Functions wait for a connection of the proxy: all that it may open are in use.",
        because="Microseconds: one second, of the five after which functions give up. Usually it takes milliseconds.",
        only_with="database.proxy",
    )
