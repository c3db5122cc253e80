"""Handlers that declare a model get their payload as one, or their event is parked with the reason."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from functions.common.errors import PayloadUnfit
from functions.processor.registry import Registry
from tests.support.envelopes import a_message, an_envelope
from tests.support.fakes_processor import Stage


class Item(BaseModel):
    sku: str
    quantity: int


class Order(BaseModel):
    model_config = ConfigDict(strict=True)

    items: list[Item]
    placed_at: datetime | None = None


GOOD = '{"items": [{"sku": "A", "quantity": 2}], "placed_at": "2026-11-23T12:00:00Z"}'


@pytest.fixture
def stage():
    return Stage()


def test_a_handler_gets_its_payload_as_the_model_it_declared(stage):
    seen = []
    stage.registry.on("order.created", schema=Order)(lambda event, _, order: seen.append((event.event_id, order)))

    assert ["processed"] == stage.outcomes(a_message(an_envelope("e-1", payload=GOOD)))
    assert [("e-1", Order(items=[Item(sku="A", quantity=2)], placed_at=datetime(2026, 11, 23, 12, tzinfo=UTC)))] == seen


def test_a_payload_that_does_not_fit_is_parked_with_its_fields_and_without_its_values(stage):
    called = []
    stage.registry.on("order.created", schema=Order)(lambda *given: called.append(given))
    payload = '{"items": [{"sku": "A", "quantity": "hunter2"}, {"quantity": 1}]}'

    [result] = stage.run(a_message(an_envelope(payload=payload)))

    assert ("dead_lettered", "payload_unfit", []) == (result.outcome, result.reason, called)
    assert "payload.items[0].quantity" in result.explanation
    assert "payload.items[1].sku: Field required" in result.explanation
    assert "hunter2" not in result.explanation


def test_a_reason_stays_short(stage):
    stage.registry.on("order.created", schema=Order)(lambda *_: None)
    payload = f'{{"items": [{", ".join(["1"] * 100)}]}}'

    [result] = stage.run(a_message(an_envelope(payload=payload)))

    assert "; and 95 more." in result.explanation


def test_handlers_with_and_without_a_model_run_in_one_order(stage):
    seen = []
    stage.registry.on("order.created")(lambda event, _: seen.append(event.payload["items"][0]["sku"]))
    stage.registry.on("order.created", schema=Order)(lambda _, __, order: seen.append(order.items[0].quantity))

    stage.run(a_message(an_envelope(payload=GOOD)))

    assert ["A", 2] == seen


def test_a_bug_in_a_models_own_code_is_retried_and_not_the_events_fault(stage):
    class Faulty(BaseModel):
        items: list[Item]

        @field_validator("items")
        @classmethod
        def _look_up(cls, _items):
            raise KeyError("bug")

    stage.registry.on("order.created", schema=Faulty)(lambda *_: None)

    [result] = stage.run(a_message(an_envelope(payload=GOOD)))

    assert ("retry", "unexpected") == (result.outcome, result.reason)


def test_the_decorator_returns_the_function_itself_so_that_it_can_be_tested():
    def handle(event, connection, order):
        pass

    assert handle is Registry().on("order.created", schema=Order)(handle)


@pytest.mark.parametrize("schema", [dict, "Order", Order(items=[])])
def test_what_is_no_model_is_refused_where_it_is_written(schema):
    with pytest.raises(ValueError, match="takes a pydantic model"):
        Registry().on("order.created", schema=schema)


def test_the_error_names_each_field_for_machines_too(stage):
    from functions.processor.models import read_payload

    with pytest.raises(PayloadUnfit) as caught:
        read_payload(Order, type("Event", (), {"payload_text": "{}", "payload_json": None})())

    assert ["payload.items"] == [problem.field for problem in caught.value.problems]
