"""Logs are JSON, carry the correlation id, and keep secrets and people out."""

import json

import pytest

from functions.common.log import bound, configure, get_logger
from functions.common.names import Service


def _last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    line: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return line


def test_a_line_is_one_json_object_with_its_facts_as_keys(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Service.INGEST, "INFO")
    with bound(correlation_id="c-1"):
        get_logger().info("event_accepted", event_id="e-1", payload_bytes=3)

    line = _last_line(capsys)
    line.pop("timestamp")
    assert line == {
        "message": "event_accepted",
        "level": "info",
        "service": "ingest",
        "correlation_id": "c-1",
        "event_id": "e-1",
        "payload_bytes": 3,
    }


def test_what_must_stay_out_is_redacted_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Service.INGEST, "INFO")
    get_logger().info("x", payload="a", Authorization="b", nested={"list": [{"password": "c"}]}, user_id="d")

    line = _last_line(capsys)
    assert (
        line["payload"],
        line["Authorization"],
        line["nested"],
        line["user_id"],
    ) == ("[redacted]", "[redacted]", {"list": [{"password": "[redacted]"}]}, "[redacted]")


def test_a_traceback_carries_no_local_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Service.INGEST, "INFO")

    def fail() -> None:
        password = "hunter" + "2"
        raise ZeroDivisionError(len(password))

    try:
        fail()
    except ZeroDivisionError:
        get_logger().exception("event_failed_unexpectedly")

    line = json.dumps(_last_line(capsys))
    assert "ZeroDivisionError" in line
    assert "hunter2" not in line


def test_a_tracebacks_words_are_withheld_because_they_quote_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Service.INGEST, "INFO")
    try:
        int("4111-1111-1111-1111")
    except ValueError:
        get_logger().exception("event_failed_unexpectedly")

    line = _last_line(capsys)
    assert "4111" not in json.dumps(line)
    assert "ValueError" in json.dumps(line)


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Service.INGEST, "WARNING")
    get_logger().info("quiet")

    assert capsys.readouterr().out == ""
