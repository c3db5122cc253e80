"""Messages that a redrive sent again: handled as if ingest had sent them, and noted for the event's timeline."""

import json

import pytest

from functions.common import log
from functions.common.errors import PermanentError, TransientError
from functions.common.names import Service
from tests.support.envelopes import QUEUED_AT, a_message, an_envelope
from tests.support.fakes_processor import Stage

REDRIVE = "redrive-1"


@pytest.fixture
def stage():
    log.configure(Service.PROCESSOR, "INFO")
    return Stage()


def test_a_new_event_runs_all_its_handlers_and_is_no_replay_to_them(stage):
    seen = []
    for options in ({}, {"replay": True}):
        stage.registry.on("order.created", **options)(lambda event, _: seen.append(event.replay_id))

    assert ["processed"] == stage.outcomes(a_message(an_envelope("e-1"), redrive=REDRIVE))
    assert [None, None] == seen


@pytest.mark.parametrize("type_", ["order.created", "plain"], ids=["with a handler", "without"])
def test_it_is_noted_whether_its_event_is_new_or_a_duplicate(stage, type_):
    stage.registry.on("order.created")(lambda _, connection: connection.execute("done"))
    envelope = an_envelope("e-1", type=type_)

    first = stage.outcomes(a_message(envelope, redrive="redrive-1"))
    second = stage.outcomes(a_message(envelope, redrive="redrive-2"))

    assert (["processed"], ["duplicate"]) == (first, second)
    assert {("e-1", "redrive-1"): QUEUED_AT, ("e-1", "redrive-2"): QUEUED_AT} == stage.store.replays
    assert (["done"] if type_ == "order.created" else []) == stage.store.effects


def test_a_reused_id_is_not_noted_on_the_event_that_has_it(stage):
    stage.run(a_message(an_envelope("e-1", payload="1")))

    (result,) = stage.run(a_message(an_envelope("e-1", payload="2"), redrive=REDRIVE))

    assert ("dead_lettered", "event_id_reused") == (result.outcome, result.reason)
    assert {} == stage.store.replays


@pytest.mark.parametrize("redrive", ["", "a b", "x" * 129, "é"])
def test_an_id_that_is_none_of_ours_costs_no_event(stage, redrive):
    assert ["processed"] == stage.outcomes(a_message(an_envelope("e-1"), redrive=redrive))
    assert {} == stage.store.replays


@pytest.mark.parametrize(
    ("error", "outcome"), [(PermanentError("Never."), "dead_lettered"), (TransientError("Later."), "retry")]
)
@pytest.mark.parametrize("redrive", [None, REDRIVE])
def test_a_failure_says_how_it_ended_when_its_message_was_sent_and_by_which_redrive(stage, error, outcome, redrive):
    def fail(*_):
        raise error

    stage.registry.on("order.created")(fail)

    stage.run(a_message(an_envelope("e-1"), redrive=redrive))

    failure = stage.store.failures["e-1"]
    assert (outcome, QUEUED_AT, redrive) == (
        failure.outcome.value,
        failure.arrival.queued_at,
        failure.arrival.replay_id,
    )


def test_it_counts_as_what_it_is_and_is_logged_with_its_redrive(stage, capsys):
    envelope = an_envelope("e-1")

    stage.run(a_message(envelope), a_message(envelope, redrive=REDRIVE))
    stage.metrics.flush()

    total = json.loads(stage.emf_lines[0])
    assert (1, 1, None) == tuple(total.get(name) for name in ("EventsProcessed", "EventsDuplicated", "EventsReplayed"))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [None, REDRIVE] == [line.get("replay_id") for line in told]


def test_a_clean_batch_keeps_its_one_statement_beside_it(stage):
    messages = [a_message() for _ in range(9)] + [a_message(an_envelope("e-1"), redrive=REDRIVE)]

    assert ["processed"] * 10 == stage.outcomes(*messages)
    assert 2 == stage.store.statements
