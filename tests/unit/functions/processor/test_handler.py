"""Lambda's shape in and out. AWS's rules for the answer: empty or null deletes all, an unknown id returns all."""

import json
from datetime import UTC, datetime

import pytest

from functions.common.errors import DatabaseUnavailable, TransientError
from functions.processor.handler import handle
from functions.processor.message import Message
from tests.support.envelopes import a_lambda_event, a_message, an_envelope
from tests.support.fakes_processor import Stage


@pytest.fixture
def stage():
    stage = Stage()

    @stage.registry.on("slow")
    def refuse(_event, _connection):
        raise TransientError("later")

    return stage


def answer(stage, event):
    return handle(event, batch=stage.batch, metrics=stage.metrics, remaining_seconds=lambda: 30.0)


def test_a_clean_batch_is_answered_with_an_empty_list_of_failures(stage):
    assert {"batchItemFailures": []} == answer(stage, a_lambda_event(a_message(), a_message()))


def test_only_failed_messages_return_to_the_queue(stage):
    failed = a_message(an_envelope(type="slow"))

    answered = answer(stage, a_lambda_event(a_message(), failed, a_message("{")))

    assert {"batchItemFailures": [{"itemIdentifier": failed.message_id}]} == answered


def test_every_id_in_the_answer_is_one_that_was_received(stage):
    messages = [a_message(an_envelope(type=name)) for name in ("slow", "fast") * 5]

    answered = answer(stage, a_lambda_event(*messages))

    ids = [item["itemIdentifier"] for item in answered["batchItemFailures"]]
    assert [message.message_id for message in messages[::2]] == ids


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": None}], ids=["nothing", "empty", "null"])
def test_an_event_without_messages_is_answered_as_well(stage, event):
    assert {"batchItemFailures": []} == answer(stage, event)


def test_an_outage_is_an_error_of_the_invocation_and_its_metrics_are_written_first(stage):
    stage.store.broken = DatabaseUnavailable("gone")

    with pytest.raises(DatabaseUnavailable, match="all 1 messages"):
        answer(stage, a_lambda_event(a_message()))

    assert 1 == json.loads(stage.emf_lines[0])["EventsRetried"]


def test_metrics_are_written_once_for_a_batch(stage):
    answer(stage, a_lambda_event(*(a_message() for _ in range(10))))

    assert 1 == len(stage.emf_lines)
    assert 10 == json.loads(stage.emf_lines[0])["EventsProcessed"]


def test_a_record_is_read_as_lambda_writes_it():
    message = a_message(an_envelope(correlation_id="c-3"), receive_count=7)
    (record,) = a_lambda_event(message)["Records"]

    assert message == Message.from_record(record)


def test_a_record_says_when_its_message_was_sent():
    (record,) = a_lambda_event(a_message())["Records"]
    record["attributes"]["SentTimestamp"] = "1795780800250"

    assert datetime(2026, 11, 27, 12, 0, 0, 250_000, tzinfo=UTC) == Message.from_record(record).queued_at


def test_a_record_without_attributes_and_with_binary_ones_is_read(stage):
    (record,) = a_lambda_event(a_message("{"))["Records"]
    record["messageAttributes"] = {"image": {"binaryValue": "AA==", "dataType": "Binary"}}

    assert {} == Message.from_record(record).attributes

    del record["messageAttributes"]

    assert {} == Message.from_record(record).attributes
