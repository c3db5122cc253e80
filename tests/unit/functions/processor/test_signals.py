"""What an operator sees of a batch: one line and one count for each message, in the words of the outcome."""

import json

import pytest

from functions.common import log
from functions.common.errors import PermanentError, TransientError
from functions.common.names import Service
from tests.support.envelopes import a_message, an_envelope
from tests.support.fakes_processor import Stage

SECRET = "4111-1111"


@pytest.fixture
def stage():
    log.configure(Service.PROCESSOR, "INFO")
    return Stage()


def a_mixed_batch(stage):
    """One message of each kind: processed, duplicate, dead-lettered, retried, buggy."""
    for event_type, error in (
        ("hopeless", PermanentError("Never.")),
        ("patient", TransientError("Later.")),
        ("buggy", KeyError("bug")),
    ):
        stage.registry.on(event_type)(_raising(error))
    payload = json.dumps(SECRET)
    plain = an_envelope("e-1", payload=payload, user_id="u-secret")
    return [
        a_message(plain),
        a_message(plain),
        *(
            a_message(an_envelope(f"e-{name}", type=name, payload=payload, correlation_id=f"c-{name}"), receive_count=4)
            for name in ("hopeless", "patient", "buggy")
        ),
    ]


def _raising(error):
    def handler(_event, _connection):
        raise error

    return handler


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_message_is_told_in_one_line(stage, capsys):
    messages = a_mixed_batch(stage)

    stage.run(*messages)

    keys = ("message", "outcome", "event_id", "correlation_id", "attempt", "reason")
    told = [tuple(line.get(key) for key in keys) for line in lines(capsys)]
    assert [
        ("message_processed", "processed", "e-1", "c-1", 1, None),
        ("message_deduplicated", "duplicate", "e-1", "c-1", 1, None),
        ("message_dead_lettered", "dead_lettered", "e-hopeless", "c-hopeless", 4, "permanent_error"),
        ("message_returned", "retry", "e-patient", "c-patient", 4, "transient_error"),
        ("message_returned", "retry", "e-buggy", "c-buggy", 4, "unexpected"),
    ] == told


def test_bugs_alone_are_errors_and_carry_their_traceback(stage, capsys):
    stage.run(*a_mixed_batch(stage))

    told = lines(capsys)
    assert ["info", "info", "warning", "warning", "error"] == [line["level"] for line in told]
    assert [False] * 4 + [True] == ["exception" in line for line in told]


def test_nothing_of_what_clients_sent_is_logged(stage, capsys):
    stage.run(*a_mixed_batch(stage))

    told = capsys.readouterr().out
    assert SECRET not in told
    assert "u-secret" not in told


def test_what_a_handler_logs_can_be_followed_to_its_event(stage, capsys):
    stage.registry.on("order.created")(lambda _event, _connection: log.get_logger().info("stock_reserved"))

    stage.run(a_message(an_envelope("e-1", correlation_id="c-9")))

    line = next(line for line in lines(capsys) if line["message"] == "stock_reserved")
    assert ("e-1", "c-9", "processor") == (line["event_id"], line["correlation_id"], line["service"])


def test_each_outcome_has_its_counter_and_each_failure_its_reason(stage):
    stage.run(*a_mixed_batch(stage))
    stage.metrics.flush()

    total, *by_reason = (json.loads(line) for line in stage.emf_lines)
    figures = {name: total[name] for name in total if name.startswith("Event")}
    assert {
        "EventsProcessed": 1,
        "EventLatency": 1000.0,
        "EventsDuplicated": 1,
        "EventsDeadLettered": 1,
        "EventsRetried": 2,
        "EventsFailed": 3,
    } == figures
    assert {"permanent_error": 1, "transient_error": 1, "unexpected": 1} == {
        line["Reason"]: line["EventsFailed"] for line in by_reason
    }


def test_a_split_batch_says_why(stage, capsys):
    stage.store.refuses["bad"] = KeyError("bug")

    stage.run(a_message(an_envelope("bad")), a_message())

    line = lines(capsys)[0]
    assert ("batch_split", 2, "KeyError") == (line["message"], line["messages"], line["code"])
