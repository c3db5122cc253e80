"""What a parked message carries: enough to know why, whose, and to send it again unchanged."""

import pytest

from functions.common.errors import PermanentError
from functions.processor.failure import EXPLANATION_LIMIT
from tests.support.envelopes import a_message, an_envelope, with_fields
from tests.support.fakes_processor import Stage


@pytest.fixture
def stage():
    return Stage()


class Refused(PermanentError):
    code = "refused_by_rule"


def park_one(stage, text, **fields):
    @stage.registry.on("order.created")
    def refuse(_event, _connection):
        raise Refused(text)

    message = a_message(an_envelope("e-1", correlation_id="c-42", **fields))
    stage.run(message)
    ((body, attributes),) = stage.queue.parked
    return message, body, attributes


def test_body_and_attributes_are_kept_and_the_reason_is_added(stage):
    message, body, attributes = park_one(stage, "Rule 7 forbids it.")

    assert message.body == body
    assert {
        "correlation_id": "c-42",
        "envelope_version": "1",
        "event_type": "order.created",
        "dead_letter_reason": "refused_by_rule",
        "dead_letter_error": "Rule 7 forbids it.",
        "original_message_id": message.message_id,
    } == attributes


def test_an_error_without_words_is_told_by_its_code(stage):
    _, _, attributes = park_one(stage, "")

    assert "refused_by_rule" == attributes["dead_letter_error"]


def test_characters_that_the_queue_refuses_are_replaced(stage):
    _, _, attributes = park_one(stage, "nul \0, bell \a, half \ud800, fine é😀\n")

    assert "nul �, bell �, half �, fine é😀\n" == attributes["dead_letter_error"]


def test_a_long_explanation_does_not_make_the_message_too_large_to_park(stage):
    _, _, attributes = park_one(stage, "x" * 100_000)

    assert EXPLANATION_LIMIT == len(attributes["dead_letter_error"])


def test_attributes_of_others_are_left_behind_so_that_ten_are_never_exceeded(stage):
    message = a_message(with_fields(an_envelope(correlation_id="c-7"), version="9"))
    message.attributes.update({f"theirs_{number}": "x" for number in range(9)}, correlation_id="c-7")

    stage.run(message)

    ((_, attributes),) = stage.queue.parked
    assert {"correlation_id", "dead_letter_reason", "dead_letter_error", "original_message_id"} == set(attributes)


def test_a_message_that_nobody_can_read_is_followed_by_its_own_id(stage):
    message = a_message("garbage")

    stage.run(message)

    assert message.message_id == stage.queue.parked[0][1]["correlation_id"]


def test_the_history_says_the_same_as_the_dead_letter(stage):
    _, _, attributes = park_one(stage, "Rule 7 forbids it.", source="shop", user_id="u-1")

    failure = stage.store.failures["e-1"]
    assert (attributes["dead_letter_reason"], attributes["dead_letter_error"]) == (failure.code, failure.message)
    assert ("shop", "u-1", "c-42") == (
        failure.envelope.source,
        failure.envelope.user_id,
        failure.envelope.correlation_id,
    )


def test_a_bugs_words_stay_out_of_the_history(stage):
    @stage.registry.on("order.created")
    def blunder(event, _connection):
        raise ValueError(f"cannot handle {event.payload_text}")

    stage.run(a_message(an_envelope("e-1", payload='"card 4111"')))

    assert "unexpected: ValueError" == stage.store.failures["e-1"].message
