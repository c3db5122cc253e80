"""A maintenance task that fails must be heard: the deployment that asked for it stops."""

import contextlib
import json

import pytest

from functions.common.errors import DatabaseUnavailable
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.maintenance.handler import handle
from functions.maintenance.tasks import Maintenance


def a_maintenance(emf_lines, error=None):
    @contextlib.contextmanager
    def connect():
        if error is not None:
            raise error
        yield None

    return Maintenance(
        connect=connect, metrics=Metrics(service=Service.MAINTENANCE, stack="test", write=emf_lines.append)
    )


@pytest.mark.parametrize("event", [{}, {"task": None}, {"task": "drop_everything"}], ids=["none", "null", "unknown"])
def test_an_unknown_task_is_refused_with_the_known_ones(event):
    with pytest.raises(ValueError, match="expected one of migrate, partitions"):
        handle(event, a_maintenance([]))


@pytest.mark.parametrize("task", ["migrate", "partitions"])
def test_a_task_that_cannot_reach_the_database_fails_the_invocation(task, capsys):
    app = a_maintenance([], DatabaseUnavailable("PostgreSQL accepts no connection: refused"))

    with pytest.raises(DatabaseUnavailable, match="refused"):
        handle({"task": task}, app)

    assert "maintenance_failed" in capsys.readouterr().out


def test_metrics_are_written_even_when_the_task_fails():
    lines = []
    app = a_maintenance(lines, DatabaseUnavailable("gone"))
    app.metrics.gauge("PartitionsAhead", 3)

    with pytest.raises(DatabaseUnavailable, match="gone"):
        handle({"task": "partitions"}, app)

    assert 3 == json.loads(lines[0])["PartitionsAhead"]
