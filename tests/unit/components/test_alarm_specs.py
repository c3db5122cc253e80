"""The table of alarms: what is watched, when each goes off, and when it must not."""

from typing import Any

import pytest

from components.alarm_specs import AlarmSpec, alarm_specs, service_unhealthy
from components.alarm_specs.spec import FIVE_MINUTES
from components.measures import Formula, Metric
from components.settings import StackSettings
from components.settings.connections import connection_budget
from tests.support.metric_math import evaluate
from tests.support.watched_stack import EVERYTHING, a_watched_stack, the_table

ALWAYS = [
    "api-latency-p99",
    "api-server-errors",
    "concurrency-near-limit-processor",
    "concurrency-near-limit-query",
    "database-connections-high",
    "database-cpu-high",
    "database-storage-low",
    "dead-letters-present",
    "duration-near-timeout-ingest",
    "duration-near-timeout-maintenance",
    "duration-near-timeout-processor",
    "duration-near-timeout-query",
    "failed-runs-present",
    "function-throttles-ingest",
    "function-throttles-maintenance",
    "function-throttles-processor",
    "function-throttles-query",
    "integrity-failures-payload-hash-mismatch",
    "integrity-failures-payload-missing",
    "integrity-failures-payload-reference-refused",
    "maintenance-failing",
    "oldest-message-age",
    "partitions-running-out",
    "permanent-failure-rate",
    "processing-stalled",
    "unexpected-failures-ingest",
    "unexpected-failures-processor",
    "unexpected-failures-query",
]
BY_SETTING = {
    "concurrency-near-limit-ingest": "ingest.max_concurrency",
    "database-connections-high-replica": "database.read_replica",
    "database-cpu-high-replica": "database.read_replica",
    "database-storage-low-replica": "database.read_replica",
    "proxy-borrow-slow": "database.proxy",
    "reconciliation-drift": "observability.reconciliation",
    "replica-lag": "database.read_replica",
    "retention-behind": "database.retention_days",
}


def metrics_of(spec: AlarmSpec) -> list[Metric]:
    return list(spec.watches.metrics.values()) if isinstance(spec.watches, Formula) else [spec.watches]


def named(spec: AlarmSpec) -> dict[str, str]:
    """Return what an alarm on one metric watches, without the namespaces of dimensions."""
    assert isinstance(spec.watches, Metric)
    return {"metric": f"{spec.watches.namespace} {spec.watches.name}", **dict(spec.watches.dimensions)}


def worth(name: str, **values: float | None) -> float | None:
    """Return what an alarm's formula makes of one period."""
    watches = the_table()[name].watches
    assert isinstance(watches, Formula)
    return evaluate(watches.expression, values)


def is_on(name: str, **values: float | None) -> bool:
    """Tell whether one period counts against the threshold; the alarm may want several."""
    spec, value = the_table()[name], worth(name, **values)
    if value is None:
        return spec.missing_data == "breaching"
    return value >= spec.threshold if spec.comparison == "GreaterThanOrEqualToThreshold" else value > spec.threshold


def test_these_things_are_always_watched():
    assert ALWAYS == sorted(the_table({}, replica=None, proxy=None))


def test_these_things_are_watched_where_there_are_such():
    assert BY_SETTING == {name: spec.only_with for name, spec in the_table().items() if name not in ALWAYS}


def test_no_alarm_that_is_always_there_claims_to_depend_on_a_setting():
    assert [] == [name for name in ALWAYS if the_table()[name].only_with]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "dead-letters-present",
            {"metric": "AWS/SQS ApproximateNumberOfMessagesVisible", "QueueName": "the-dead-letters"},
        ),
        ("oldest-message-age", {"metric": "AWS/SQS ApproximateAgeOfOldestMessage", "QueueName": "the-queue"}),
        (
            "integrity-failures-payload-missing",
            {"metric": "Fluxa EventsFailed", "Stack": "test", "Service": "processor", "Reason": "payload_missing"},
        ),
        (
            "unexpected-failures-ingest",
            {"metric": "Fluxa EventsFailed", "Stack": "test", "Service": "ingest", "Reason": "unexpected"},
        ),
        (
            "unexpected-failures-query",
            {"metric": "Fluxa QueriesFailed", "Stack": "test", "Service": "query", "Reason": "unexpected"},
        ),
        ("function-throttles-query", {"metric": "AWS/Lambda Throttles", "FunctionName": "the-query"}),
        ("duration-near-timeout-ingest", {"metric": "AWS/Lambda Duration", "FunctionName": "the-ingest"}),
        (
            "concurrency-near-limit-processor",
            {"metric": "AWS/Lambda ConcurrentExecutions", "FunctionName": "the-processor"},
        ),
        ("api-latency-p99", {"metric": "AWS/ApiGateway Latency", "ApiName": "the-api", "Stage": "v1"}),
        (
            "database-connections-high",
            {"metric": "AWS/RDS DatabaseConnections", "DBInstanceIdentifier": "the-database"},
        ),
        (
            "database-storage-low-replica",
            {"metric": "AWS/RDS FreeStorageSpace", "DBInstanceIdentifier": "the-replica"},
        ),
        ("database-cpu-high", {"metric": "AWS/RDS CPUUtilization", "DBInstanceIdentifier": "the-database"}),
        ("proxy-borrow-slow", {"metric": "AWS/RDS DatabaseConnectionsBorrowLatency", "ProxyName": "the-proxy"}),
        ("partitions-running-out", {"metric": "Fluxa PartitionsAhead", "Stack": "test", "Service": "maintenance"}),
        ("reconciliation-drift", {"metric": "Fluxa ReconciliationDrift", "Stack": "test", "Service": "maintenance"}),
        ("retention-behind", {"metric": "Fluxa OldestEventDays", "Stack": "test", "Service": "maintenance"}),
        (
            "failed-runs-present",
            {"metric": "AWS/SQS ApproximateNumberOfMessagesVisible", "QueueName": "the-failed-runs"},
        ),
        ("maintenance-failing", {"metric": "AWS/Lambda Errors", "FunctionName": "the-maintenance"}),
    ],
)
def test_each_alarm_watches_the_metric_that_shows_it(name: str, expected: dict[str, str]):
    assert expected == named(the_table()[name])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dead-letters-present", ("Maximum", ">", 0, 1, 60)),
        ("oldest-message-age", ("Maximum", ">", 900, 1, 60)),
        ("integrity-failures-payload-hash-mismatch", ("Sum", ">", 0, 1, 60)),
        ("unexpected-failures-processor", ("Sum", ">", 0, 1, 60)),
        ("api-latency-p99", ("p99", ">", 3_000, 3, 300)),
        ("duration-near-timeout-processor", ("p99", ">", 24_000, 3, 300)),
        ("duration-near-timeout-maintenance", ("p99", ">", 240_000, 1, 300)),
        ("concurrency-near-limit-ingest", ("Maximum", ">", 36, 3, 300)),
        ("concurrency-near-limit-processor", ("Maximum", ">", 9, 3, 300)),
        ("concurrency-near-limit-query", ("Maximum", ">", 18, 3, 300)),
        ("database-connections-high", ("Maximum", ">", connection_budget("db.m7g.large"), 5, 60)),
        ("database-storage-low", ("Minimum", "<", 3 * 2**30, 3, 300)),
        ("database-cpu-high", ("Average", ">", 85, 3, 300)),
        ("proxy-borrow-slow", ("Average", ">", 1_000_000, 3, 300)),
        ("partitions-running-out", ("Minimum", "<", 1, 2, 86_400)),
        ("retention-behind", ("Maximum", ">", 90 + 31 + 2, 1, 86_400)),
        ("reconciliation-drift", ("Maximum", ">", 0, 1, 3_600)),
        ("maintenance-failing", ("Sum", ">=", 3, 1, 3_600)),
        ("failed-runs-present", ("Maximum", ">", 0, 1, 60)),
    ],
)
def test_each_alarm_goes_off_when_it_should(name: str, expected: tuple[Any, ...]):
    spec = the_table()[name]
    signs = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}

    assert isinstance(spec.watches, Metric)
    assert expected == (
        spec.watches.statistic,
        signs[spec.comparison],
        spec.threshold,
        spec.evaluation_periods,
        spec.period_seconds,
    )


@pytest.mark.parametrize(
    ("key", "value", "name", "threshold"),
    [
        ("oldest_message_seconds", 120, "oldest-message-age", 120),
        ("permanent_failures_percent", 2.5, "permanent-failure-rate", 2.5),
        ("api_errors_percent", 0.5, "api-server-errors", 0.5),
        ("api_p99_ms", 800, "api-latency-p99", 800),
        ("database_cpu_percent", 70, "database-cpu-high-replica", 70),
        ("free_storage_percent", 25, "database-storage-low", 5 * 2**30),
        ("replica_lag_seconds", 10, "replica-lag", 10),
    ],
)
def test_a_threshold_that_is_a_setting_follows_it(key: str, value: float, name: str, threshold: float):
    assert threshold == the_table({**EVERYTHING, "alarms": {key: value}})[name].threshold


def test_every_alarm_gives_its_reason_and_that_of_its_number():
    table = the_table().values()

    assert [] == [spec.name for spec in table if not spec.reason.endswith(".") or not spec.because.endswith(".")]


def test_no_alarm_relies_on_lambdas_errors_where_failures_are_reported_and_not_raised():
    """A batch whose messages all fail is a successful invocation: the metric stays at zero."""
    watching = {
        str(dict(metric.dimensions)["FunctionName"])
        for spec in the_table().values()
        for metric in metrics_of(spec)
        if metric.name == "Errors"
    }

    assert {"the-maintenance"} == watching


def test_nobody_counts_what_was_sent_to_a_queue_that_sqs_fills_by_itself():
    """Messages that SQS moves to the dead letters count as sent nowhere."""
    assert [] == [spec.name for spec in the_table().values() for metric in metrics_of(spec) if "Sent" in metric.name]


def test_silence_is_a_failure_only_of_what_reports_every_day():
    assert ["partitions-running-out"] == [
        spec.name for spec in the_table().values() if spec.missing_data == "breaching"
    ]


@pytest.mark.parametrize("name", ["processing-stalled", "permanent-failure-rate", "api-server-errors", "replica-lag"])
def test_a_formula_of_which_nothing_is_known_wakes_nobody(name: str):
    watches = the_table()[name].watches

    assert isinstance(watches, Formula)
    assert not is_on(name, **dict.fromkeys(watches.metrics))


@pytest.mark.parametrize(
    ("age", "received", "deleted", "stalled"),
    [
        (600, 0, 0, True),
        (600, 0, None, True),
        (600, 40, 0, True),
        # What was received more than three times no longer counts for the age.
        (0, 40, 0, True),
        (None, 40, None, True),
        (600, 40, 1, False),
        (10, 0, 0, False),
        (0, 0, 0, False),
        (7_200, 500, 400, False),
    ],
)
def test_processing_stands_still_when_events_wait_and_none_is_taken_off(
    age: float | None, received: float | None, deleted: float | None, stalled: bool
):
    assert stalled == is_on("processing-stalled", age=age, received=received, deleted=deleted)


def test_processing_stands_still_only_after_a_quarter_of_an_hour():
    """The newest period may lack its deletions still, and FILL would take that for none."""
    spec = the_table()["processing-stalled"]

    assert (3, None, FIVE_MINUTES) == (spec.evaluation_periods, spec.datapoints, spec.period_seconds)


@pytest.mark.parametrize(
    ("errors", "requests", "wakes"),
    [
        (1, 1, False),
        (4, 4, False),
        (5, 5, True),
        (5, 400, True),
        (5, 500, False),
        (100, 20_000, False),
        (0, 0, False),
        (0, 10_000, False),
    ],
)
def test_one_error_of_one_request_wakes_nobody_and_five_of_five_do(errors: float, requests: float, wakes: bool):
    assert wakes == is_on("api-server-errors", errors=errors, requests=requests)


@pytest.mark.parametrize(
    ("parked", "handled", "wakes"),
    [(None, 1_000, False), (1, 1, False), (4, 4, False), (5, 5, True), (5, 100, False), (6, 100, True), (5, 0, False)],
)
def test_the_share_of_permanent_failures_counts_from_the_fifth_on(parked: float | None, handled: float, wakes: bool):
    assert wakes == is_on("permanent-failure-rate", parked=parked, handled=handled)


@pytest.mark.parametrize(
    ("lag", "stored", "wakes"), [(300, None, False), (300, 0, False), (300, 12, True), (60, 12, False), (61, 1, True)]
)
def test_the_lag_of_an_idle_replica_wakes_nobody(lag: float, stored: float | None, wakes: bool):
    """It is the age of the last transaction, which grows while nobody writes."""
    assert wakes == is_on("replica-lag", lag=lag, stored=stored)


def test_the_service_is_unhealthy_when_somebody_outside_is_hurt():
    specs = alarm_specs(a_watched_stack(), StackSettings.model_validate(EVERYTHING))

    assert ("oldest-message-age", "processing-stalled", "api-server-errors", "api-latency-p99") == (
        service_unhealthy(specs).members
    )
