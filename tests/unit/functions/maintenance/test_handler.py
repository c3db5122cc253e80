"""Maintenance that fails must be heard: the deployment that asked for it stops, a rotation is tried again."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from functions.common.errors import DatabaseUnavailable
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.maintenance.erasure_sweep import Swept
from functions.maintenance.handler import handle
from functions.maintenance.logins import Logins
from functions.maintenance.orphan_sweep import OrphanSweep
from functions.maintenance.reconcile import Reconciliation
from functions.maintenance.retention import Retention
from functions.maintenance.tasks import Maintenance
from functions.maintenance.wiring import Caretaker

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
TASKS = ["migrate", "partitions", "retention", "reconcile", "orphans", "erasures"]


class Answers:
    """A database in which nothing is stored, and whose clock stands still."""

    def execute(self, query, values=None):
        row = (NOW,) if query == "SELECT now()" else (0,)
        return SimpleNamespace(fetchone=lambda: row)


class Rotation:
    def __init__(self, error=None):
        self.error = error
        self.steps = []

    def run(self, step, *, secret, version):
        if self.error is not None:
            raise self.error
        self.steps.append((step, secret, version))
        return {"step": step}


class Sums:
    def __init__(self, accepted=0):
        self.accepted = accepted

    def total(self, metric, service, *, start, end):
        return self.accepted if service is Service.INGEST else 0


class Depth:
    def waiting(self):
        return 2


class Bucket:
    """A bucket that holds nothing."""

    def of_day(self, _day):
        yield []

    def remove(self, keys):
        raise AssertionError("there is nothing to remove")


class Sweep:
    """Two erasures, of which one is settled."""

    def run(self, _connection, _seconds_left):
        return Swept(erasures_watched=2, erasures_settled=1)


class Calls:
    """What answers the API, and counts."""

    def __init__(self, metrics):
        self.metrics = metrics

    def answer(self, event, _seconds_left):
        self.metrics.count("EventsErased", 2)
        return {"statusCode": 200, "body": event["resource"]}


def a_caretaker(emf_lines, error=None, *, rotation=None, accepted=0):
    @contextlib.contextmanager
    def connect():
        if error is not None:
            raise error
        yield Answers()

    metrics = Metrics(service=Service.MAINTENANCE, stack="test", write=emf_lines.append)
    maintenance = Maintenance(
        connect=connect,
        metrics=metrics,
        logins=Logins(backend="iam", passwords={}),
        retention=Retention(days=None, key_days=35),
        reconciliation=Reconciliation(sums=Sums(accepted), depth=Depth()),
        orphans=OrphanSweep(listing=Bucket(), removal=Bucket(), depth=Depth(), outlived_days=43),
        erasures=Sweep(),
    )
    calls = Calls(metrics)
    return Caretaker(maintenance=maintenance, rotation=rotation or Rotation(), erasure_calls=calls, metrics=metrics)


def ten_minutes():
    return 600.0


def figures(emf_lines):
    (line,) = emf_lines
    return json.loads(line)


@pytest.mark.parametrize("event", [{}, {"task": None}, {"task": "drop_everything"}], ids=["none", "null", "unknown"])
def test_an_unknown_task_is_refused_with_the_known_ones(event):
    with pytest.raises(ValueError, match="one of migrate, partitions, retention, reconcile, orphans, erasures"):
        handle(event, a_caretaker([]), ten_minutes)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_that_cannot_reach_the_database_fails_the_invocation(task, capsys):
    app = a_caretaker([], DatabaseUnavailable("PostgreSQL accepts no connection: refused"))

    with pytest.raises(DatabaseUnavailable, match="refused"):
        handle({"task": task}, app, ten_minutes)

    assert "maintenance_failed" in capsys.readouterr().out


def test_metrics_are_written_even_when_the_task_fails():
    lines = []
    app = a_caretaker(lines, DatabaseUnavailable("gone"))
    app.metrics.gauge("PartitionsAhead", 3)

    with pytest.raises(DatabaseUnavailable, match="gone"):
        handle({"task": "partitions"}, app, ten_minutes)

    assert 3 == figures(lines)["PartitionsAhead"]


def test_a_step_is_a_rotation_whatever_else_the_event_says():
    rotation = Rotation()
    event = {"Step": "setSecret", "SecretId": "arn", "ClientRequestToken": "version", "task": "migrate"}

    assert {"step": "setSecret"} == handle(event, a_caretaker([], rotation=rotation), ten_minutes)
    assert [("setSecret", "arn", "version")] == rotation.steps


def test_a_step_that_fails_fails_the_invocation(capsys):
    app = a_caretaker([], rotation=Rotation(DatabaseUnavailable("refused")))

    with pytest.raises(DatabaseUnavailable, match="refused"):
        handle({"Step": "testSecret", "SecretId": "arn", "ClientRequestToken": "version"}, app, ten_minutes)

    assert "maintenance_failed" in capsys.readouterr().out


def test_retention_that_is_off_says_so():
    lines = []

    answer = handle({"task": "retention"}, a_caretaker(lines), ten_minutes)

    assert {"retention": "everything is kept, because RETENTION_DAYS is not set"} == answer
    assert [] == lines


@pytest.mark.parametrize(("accepted", "drift"), [(0, 0), (2, 0), (5, 3)])
def test_drift_is_always_reported(accepted, drift):
    lines = []

    answer = handle({"task": "reconcile"}, a_caretaker(lines, accepted=accepted), ten_minutes)

    assert drift == figures(lines)["ReconciliationDrift"]
    assert drift == answer["drift"]
    assert {"accepted": accepted, "stored": 0, "unfinished": 0, "erased": 0, "duplicated": 0, "waiting": 2} == answer[
        "events"
    ]
    assert (NOW - timedelta(hours=2, minutes=20)).isoformat() == answer["window_start"]
    json.dumps(answer)


def test_a_sweep_reports_its_day_and_that_there_was_nothing():
    lines = []

    answer = handle({"task": "orphans"}, a_caretaker(lines), ten_minutes)

    # At two o'clock past noon: four days before yesterday.
    assert ("2026-11-18", 0, None, True) == tuple(answer[name] for name in ("day", "examined", "kept", "is_complete"))
    assert (0, 0) == (figures(lines)["PayloadsOrphaned"], figures(lines)["PayloadsRemoved"])
    json.dumps(answer)


def test_a_call_of_the_api_is_answered_whatever_else_the_event_says_and_counted():
    lines = []
    event = {"httpMethod": "DELETE", "resource": "/users/{user_id}/events", "task": "migrate", "Step": "setSecret"}

    assert {"statusCode": 200, "body": "/users/{user_id}/events"} == handle(event, a_caretaker(lines), ten_minutes)
    assert 2 == figures(lines)["EventsErased"]


def test_a_sweep_says_how_many_erasures_it_watched():
    assert {"erasures_watched": 2, "erasures_settled": 1} == handle({"task": "erasures"}, a_caretaker([]), ten_minutes)
