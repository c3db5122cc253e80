"""Dead letters that ask for a replay, and the id by which a redrive is known again."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fluxa.cli.dlq_shown import print_letters
from fluxa.operate.dead_letter_payload import payload_of
from fluxa.operate.dead_letter_queue import Walk, first
from fluxa.operate.dead_letters import DeadLetter, Selection
from fluxa.operate.redrive import Redriver, Tally
from functions.common.envelope import attributes_of, encode, message_bytes
from functions.common.names import DeadLetterAttribute
from functions.common.replay import encode_replay, replay_attributes
from functions.common.sqs_batches import BYTES_PER_CALL
from functions.processor.failure import EXPLANATION_LIMIT
from tests.support.envelopes import a_replay, an_envelope

REDRIVE = re.compile(r"redrive-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
REPLAY = a_replay(an_envelope("e-1", correlation_id="c-7"), "rebuild-1")


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        sqs = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        for name in ("main", "dead"):
            sqs.create_queue(QueueName=name)
        receive = sqs.receive_message
        # An empty queue is known to be empty here: nobody has to wait for it.
        sqs.receive_message = lambda **request: receive(**request | {"WaitTimeSeconds": 0})
        yield sqs


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def park(sqs: Any, body: str, attributes: dict[str, Any]) -> None:
    reason = {DeadLetterAttribute.REASON.value: text("event_not_found"), DeadLetterAttribute.ERROR.value: text("Gone.")}
    sqs.send_message(QueueUrl=url(sqs, "dead"), MessageBody=body, MessageAttributes=attributes | reason)


def park_event(sqs: Any, event_id: str, **attributes: str) -> None:
    envelope = an_envelope(event_id)
    park(sqs, encode(envelope), attributes_of(envelope) | {name: text(value) for name, value in attributes.items()})


def url(sqs: Any, name: str) -> str:
    return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])


def redrive(sqs: Any, **options: Any) -> Tally:
    return Redriver(
        sqs=sqs,
        dead_letter_queue_url=url(sqs, "dead"),
        queue_url=url(sqs, "main"),
        selection=Selection(),
        **options,
    ).redrive(lambda _: None)


def letters(sqs: Any) -> list[DeadLetter]:
    with Walk(sqs, url(sqs, "dead")) as walk:
        return first(walk, Selection().matches, 100)


def on_main(sqs: Any) -> list[tuple[str, dict[str, str]]]:
    answer = sqs.receive_message(QueueUrl=url(sqs, "main"), MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return [
        (
            message["Body"],
            {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()},
        )
        for message in answer.get("Messages", [])
    ]


def test_one_run_has_one_id_and_the_next_has_another(sqs: Any):
    ids = []
    for _ in range(2):
        park_event(sqs, "e-1")
        park_event(sqs, "e-2")
        redrive(sqs)
        ids += [attributes["replay_id"] for _, attributes in on_main(sqs)]

    assert all(REDRIVE.fullmatch(one) for one in ids)
    assert [2, 2] == list(Counter(ids).values())


def test_an_older_redrives_id_is_replaced_and_nothing_else_changes(sqs: Any):
    park_event(sqs, "e-1", replay_id="redrive-of-last-week")

    redrive(sqs, redrive_id="redrive-1")

    envelope = an_envelope("e-1")
    expected = {name: value["StringValue"] for name, value in attributes_of(envelope).items()}
    assert [(encode(envelope), expected | {"replay_id": "redrive-1"})] == on_main(sqs)


def test_what_is_not_ours_is_sent_as_it_is(sqs: Any):
    park(sqs, "hello", {})

    redrive(sqs, force=True)

    assert [("hello", {})] == on_main(sqs)


def test_a_replay_goes_on_as_the_replay_that_it_was(sqs: Any):
    park(sqs, encode_replay(REPLAY), replay_attributes(REPLAY))

    tally = redrive(sqs)

    assert (1, True) == (tally.moved, tally.is_complete)
    expected = {name: value["StringValue"] for name, value in replay_attributes(REPLAY).items()}
    assert [(encode_replay(REPLAY), expected)] == on_main(sqs)


def test_two_replays_of_one_event_are_two_messages(sqs: Any):
    for replay_id in ("rebuild-1", "rebuild-2"):
        request = a_replay(an_envelope("e-1"), replay_id)
        park(sqs, encode_replay(request), replay_attributes(request))

    assert 2 == len({letter.identity for letter in letters(sqs)})


def test_a_replay_is_not_foreign_and_tells_which_event_and_replay_it_is_of(
    sqs: Any, capsys: pytest.CaptureFixture[str]
):
    park(sqs, encode_replay(REPLAY), replay_attributes(REPLAY))

    (letter,) = letters(sqs)

    assert {
        "foreign": False,
        "reason": "event_not_found",
        "error": "Gone.",
        "event_id": "e-1",
        "type": "order.created",
        "correlation_id": "c-7",
        "replay_id": "rebuild-1",
        "received_at": REPLAY.received_at.isoformat(),
    }.items() <= letter.document().items()
    print_letters([letter], {}, as_json=False)
    assert re.search(r"event_not_found +e-1 +order\.created", capsys.readouterr().out)


def test_a_replay_is_found_by_type_and_by_event(sqs: Any):
    park(sqs, encode_replay(REPLAY), replay_attributes(REPLAY))

    (letter,) = letters(sqs)

    assert Selection(type="order.created", ids=frozenset({"e-1"})).matches(letter)
    assert not Selection(type="user.created").matches(letter)


def test_a_replay_has_no_payload_of_its_own_to_show(sqs: Any):
    park(sqs, encode_replay(REPLAY), replay_attributes(REPLAY))

    payload, why = payload_of(letters(sqs)[0], None, "payloads")

    assert (None, True) == (payload, "names a stored event" in (why or ""))


def test_a_damaged_replay_is_foreign(sqs: Any):
    park(sqs, encode_replay(REPLAY).replace("e-1", "e 1"), {})

    assert [True] == [letter.is_foreign for letter in letters(sqs)]


def test_the_largest_inline_message_can_be_parked_and_redriven():
    """SQS counts attributes too, and refuses what is above a mebibyte with them."""
    from components.settings.traffic import IngestSettings

    (limit,) = (rule.le for rule in IngestSettings.model_fields["inline_limit_bytes"].metadata if hasattr(rule, "le"))
    added = {
        # At most four bytes for each character of the explanation.
        DeadLetterAttribute.REASON.value: text("r" * 128),
        DeadLetterAttribute.ERROR.value: text("\U0001f600" * EXPLANATION_LIMIT),
        DeadLetterAttribute.MESSAGE_ID.value: text("m" * 100),
        "replay_id": text("x" * 128),
    }

    assert limit + message_bytes("", added) <= BYTES_PER_CALL
