"""Alarms about the functions: do they fail for our reasons, are they held back, are they cut off?"""

from collections.abc import Iterator

from components.alarm_specs.spec import FIVE_MINUTES, AlarmSpec
from components.measures import FunctionMetric, Watched
from components.settings import StackSettings
from functions.common.names import MetricName, Service

UNEXPECTED = "unexpected"
"""Code of functions.common.errors: a failure that is our fault, not the event's."""

_FAILURES = {
    Service.INGEST: MetricName.EVENTS_FAILED,
    Service.PROCESSOR: MetricName.EVENTS_FAILED,
    Service.QUERY: MetricName.QUERIES_FAILED,
}
"""Maintenance counts none: it raises, which Lambda counts (see maintenance-failing)."""

_NEAR_TIMEOUT_PERCENT = 80
"""A fifth is left: at 30 s six, in which a retry of the database's driver still fits."""
_NEAR_LIMIT_PERCENT = 90
"""The next few invocations will have to wait or be refused."""
_MS_PER_SECOND = 1_000


def function_alarms(watched: Watched, settings: StackSettings) -> Iterator[AlarmSpec]:
    """Return the functions' alarms."""
    for service, metric in _FAILURES.items():
        yield _unexpected_failures(watched, service, metric)
    for service in watched.functions:
        yield _throttles(watched, service)
    for service in watched.functions:
        yield _near_timeout(watched, service)
    for service, limit in _limits(settings).items():
        yield _near_limit(watched, service, *limit)


def _unexpected_failures(watched: Watched, service: Service, metric: MetricName) -> AlarmSpec:
    # Lambda's own Errors stay at zero: a failed message is reported, not raised.
    return AlarmSpec(
        name=f"unexpected-failures-{service.value}",
        watches=watched.ours(service, metric, reason=UNEXPECTED),
        threshold=0,
        reason=f"The {service.value} function failed for a reason that is our fault; what it worked on is retried.",
        because="In healthy operation it does not happen.",
        shared_runbook="unexpected-failures",
    )


def _throttles(watched: Watched, service: Service) -> AlarmSpec:
    return AlarmSpec(
        name=f"function-throttles-{service.value}",
        watches=watched.of_function(service, FunctionMetric.THROTTLES, "Sum"),
        threshold=0,
        evaluation_periods=5,
        datapoints=3,
        reason=f"Lambda refuses to start the {service.value} function: a concurrency limit is reached.",
        because="In three minutes of five: holding back one burst is what a limit is for.",
        shared_runbook="function-throttles",
    )


def _near_timeout(watched: Watched, service: Service) -> AlarmSpec:
    timeout_seconds = watched.timeouts_seconds[service]
    return AlarmSpec(
        name=f"duration-near-timeout-{service.value}",
        # Not the mean, which one slow invocation of a thousand does not move; not the slowest of all, which may be a
        # cold start. Of maintenance, which runs a few times a day, the percentile is the slowest.
        watches=watched.of_function(service, FunctionMetric.DURATION, "p99"),
        threshold=timeout_seconds * _MS_PER_SECOND * _NEAR_TIMEOUT_PERCENT / 100,
        period_seconds=FIVE_MINUTES,
        evaluation_periods=1 if service is Service.MAINTENANCE else 3,
        reason=f"The {service.value} function is close to being cut off in the middle of its work.",
        because=(
            f"Milliseconds: {_NEAR_TIMEOUT_PERCENT} % of its timeout of {timeout_seconds} s"
            + (
                ", at once, because it runs so rarely."
                if service is Service.MAINTENANCE
                else ", for a quarter of an hour."
            )
        ),
        shared_runbook="duration-near-timeout",
    )


def _limits(settings: StackSettings) -> dict[Service, tuple[int, str]]:
    limits = {
        Service.INGEST: (settings.ingest.max_concurrency, "ingest.max_concurrency"),
        Service.PROCESSOR: (settings.processing.max_concurrency, "processing.max_concurrency"),
        Service.QUERY: (settings.query.max_concurrency, "query.max_concurrency"),
    }
    return {service: (limit, key) for service, (limit, key) in limits.items() if limit is not None}


def _near_limit(watched: Watched, service: Service, limit: int, key: str) -> AlarmSpec:
    return AlarmSpec(
        name=f"concurrency-near-limit-{service.value}",
        watches=watched.of_function(service, FunctionMetric.CONCURRENT, "Maximum"),
        threshold=limit * _NEAR_LIMIT_PERCENT / 100,
        period_seconds=FIVE_MINUTES,
        evaluation_periods=3,
        reason=f"The {service.value} function runs about as often at one time as it may; more work has to wait.",
        because=(
            f"{_NEAR_LIMIT_PERCENT} % of `{key}` ({limit}), for a quarter of an hour: a burst is what the limit is for."
        ),
        shared_runbook="concurrency-near-limit",
        only_with="ingest.max_concurrency" if service is Service.INGEST else None,
    )
