"""Handlers that name a schema version get every payload in it; those that name none get it as it was sent."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ConfigDict

from functions.processor.registry import Registry
from tests.support.envelopes import a_message, an_envelope, an_offloaded_envelope
from tests.support.fakes_processor import Stage
from tests.support.upcasters import EURO, WRAP, write_registry

SENT = '{ "euro": 1.50, "at": "2026-11-23T12:00:00Z" }'


class Paid(BaseModel):
    model_config = ConfigDict(strict=True)

    cents: int
    at: datetime


@pytest.fixture
def stage(tmp_path):
    return Stage(registry=Registry(write_registry(tmp_path, v1=None, v2=EURO, v3=WRAP)))


def an_order(version, payload=SENT, event_id="e-1"):
    return a_message(an_envelope(event_id, type="order.created", payload=payload, schema_version=version))


def test_a_handler_gets_an_older_event_in_the_version_it_names_and_all_else_as_it_was_sent(stage):
    seen = []
    stage.registry.on("order.created", schema_version="2")(lambda event, _: seen.append(event))

    assert ["processed"] == stage.outcomes(an_order("1"))
    [event] = seen
    assert {"cents": 150, "at": "2026-11-23T12:00:00Z"} == event.payload
    assert (SENT, "1") == (event.payload_text, event.schema_version)


def test_what_is_stored_is_what_was_sent(stage):
    stage.registry.on("order.created", schema_version="3")(lambda event, _: event.payload.clear())

    stage.run(an_order("1"))

    stored = stage.store.events["e-1"]
    assert (SENT, "1") == (stored.payload, stored.schema_version)


def test_a_payload_that_travelled_through_s3_is_upcast_as_well(stage):
    seen = []
    stage.registry.on("order.created", schema_version="2")(lambda event, _: seen.append(event.payload["cents"]))
    envelope = an_offloaded_envelope("e-1", type="order.created", payload=SENT, schema_version="1")
    stage.payloads.objects[envelope.payload_ref.key] = SENT.encode()

    assert (["processed"], [150]) == (stage.outcomes(a_message(envelope)), seen)


def test_each_handler_gets_its_own_version_and_none_means_as_it_was_sent(stage):
    seen = []

    def spoil(event, _):
        seen.append(json.loads(json.dumps(event.payload)))
        event.payload.clear()

    for version in ("3", None, "2", "1"):
        stage.registry.on("order.created", schema_version=version)(spoil)

    stage.run(an_order("1", '{"euro": 1}'))

    assert [{"total": {"cents": 100}}, {"euro": 1}, {"cents": 100}, {"euro": 1}] == seen


def test_a_strict_model_reads_the_upcast_payload_as_json(stage):
    seen = []
    stage.registry.on("order.created", schema=Paid, schema_version="2")(lambda _, __, paid: seen.append(paid))

    assert ["processed"] == stage.outcomes(an_order("1"))
    assert [Paid(cents=150, at=datetime(2026, 11, 23, 12, tzinfo=UTC))] == seen


def test_a_payload_that_does_not_fit_the_model_after_upcasting_is_parked(stage):
    stage.registry.on("order.created", schema=Paid, schema_version="2")(lambda *_: None)

    [result] = stage.run(an_order("1", '{"euro": 1}'))

    assert ("dead_lettered", "payload_unfit") == (result.outcome, result.reason)
    assert "payload.at: Field required" in result.explanation


def test_an_event_that_names_no_version_is_of_the_newest(stage):
    seen = []
    stage.registry.on("order.created", schema_version="3")(lambda event, _: seen.append(event.payload))

    stage.run(an_order(None, '{"total": 1}'))

    assert [{"total": 1}] == seen


@pytest.mark.parametrize(
    ("version", "payload", "reason", "explanation"),
    [
        ("3", SENT, "schema_version_unreachable", "The event is of version 3, and none is taken back to an older one."),
        ("x", SENT, "schema_version_unreachable", "The event names a schema_version that its type does not have: "),
        ("1", '{"eur": "hunter2"}', "upcast_failed", "The upcaster order.created 1 → 2 raised KeyError in line 2 of "),
    ],
)
def test_what_cannot_be_brought_to_the_version_is_parked_with_its_reason_and_hurts_no_neighbour(
    stage, version, payload, reason, explanation
):
    called = []
    stage.registry.on("order.created", schema_version="2")(lambda event, _: called.append(event.event_id))

    result, neighbour = stage.run(an_order(version, payload), an_order("2", '{"cents": 1}', "e-2"))

    assert ("dead_lettered", reason) == (result.outcome, result.reason)
    assert result.explanation.startswith(explanation)
    assert "hunter2" not in result.explanation
    assert ("processed", ["e-2"]) == (neighbour.outcome, called)
    [(_, attributes)] = stage.queue.parked
    assert (reason, result.explanation) == (attributes["dead_letter_reason"], attributes["dead_letter_error"])


def test_an_upcaster_that_cannot_be_loaded_is_our_mistake_and_loses_no_event(tmp_path):
    stage = Stage(registry=Registry(write_registry(tmp_path, v1=None, v2="1 / 0")))
    stage.registry.on("order.created", schema_version="2")(lambda *_: None)

    [result] = stage.run(an_order("1"))

    assert ("retry", "unexpected", []) == (result.outcome, result.reason, stage.queue.parked)


@pytest.mark.parametrize(
    ("event_type", "version", "complaint"),
    [
        ("order.created", "4", "schema_version='4' is none of order.created: there is 1, 2, 3; name one as its file"),
        ("order.created", 2, "schema_version=2 is none of order.created: there is 1, 2, 3; name one as its file"),
        ("order.paid", "1", "schema_version='1' is none of order.paid: the type has no schemas; name one"),
    ],
)
def test_a_version_that_there_is_not_is_refused_where_it_is_written(stage, event_type, version, complaint):
    with pytest.raises(ValueError, match=complaint.replace(".", r"\.")):
        stage.registry.on(event_type, schema_version=version)


def test_the_decorator_returns_the_function_itself_so_that_it_can_be_tested(stage):
    def handle(event, connection):
        pass

    assert handle is stage.registry.on("order.created", schema_version="2")(handle)
