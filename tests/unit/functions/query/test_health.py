"""The health report."""

import json

from functions.common.errors import DatabaseUnavailable, QueueUnavailable
from functions.query.health import Health
from tests.support.fakes_query import FakeService, SteadyStopwatch


def a_report(*, database=None, queue=None):
    report = Health(
        stack="dev",
        version="1.2.3",
        settings_fingerprint="abc",
        checks={"database": FakeService(database), "queue": FakeService(queue)},
        stopwatch=SteadyStopwatch(),
    ).report()
    return json.loads(report.text), report.failure


def test_everything_reachable_is_ok():
    document, failure = a_report()

    assert failure is None
    assert {
        "status": "ok",
        "version": "1.2.3",
        "settings_fingerprint": "abc",
        "stack": "dev",
        "checks": {
            "database": {"status": "ok", "milliseconds": 250.0},
            "queue": {"status": "ok", "milliseconds": 250.0},
        },
    } == document


def test_a_failing_check_is_named_and_the_others_still_run():
    document, failure = a_report(database=DatabaseUnavailable("db-1.internal refused"))

    assert ("degraded", "database_unavailable") == (document["status"], failure)
    assert {"status": "failed", "code": "database_unavailable", "milliseconds": 250.0} == document["checks"]["database"]
    assert "ok" == document["checks"]["queue"]["status"]


def test_the_report_says_nothing_of_hosts():
    document, _ = a_report(
        database=DatabaseUnavailable("db-1.internal refused"), queue=QueueUnavailable("sqs.internal refused")
    )

    assert "internal" not in json.dumps(document)


def test_a_check_that_breaks_is_reported_and_logged_as_unexpected(capsys):
    document, failure = a_report(queue=ZeroDivisionError("a bug"))

    assert "unexpected" == failure
    assert "unexpected" == document["checks"]["queue"]["code"]
    assert "health_check_failed_unexpectedly" in capsys.readouterr().out
