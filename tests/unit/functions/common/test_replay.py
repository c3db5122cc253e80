"""The message that asks for a stored event to be handled once more."""

import json
from datetime import UTC, datetime

import pytest

from functions.common.envelope import decode
from functions.common.errors import InvalidEnvelope
from functions.common.replay import ReplayRequest, decode_replay, encode_replay, replay_attributes

A_REQUEST = ReplayRequest(
    replay_id="rebuild-1",
    event_id="e-1",
    received_at=datetime(2026, 11, 29, 12, tzinfo=UTC),
    type="order.created",
    correlation_id="c-1",
)


def test_a_request_survives_the_queue() -> None:
    body = encode_replay(A_REQUEST)

    assert A_REQUEST == decode_replay(body)
    assert body.isascii()


def test_its_attributes_lead_to_the_event_and_to_the_replay() -> None:
    values = {name: attribute["StringValue"] for name, attribute in replay_attributes(A_REQUEST).items()}

    assert {
        "correlation_id": "c-1",
        "envelope_version": "1",
        "event_type": "order.created",
        "replay_id": "rebuild-1",
    } == values


def test_a_processor_of_before_parks_it_instead_of_storing_an_event() -> None:
    with pytest.raises(InvalidEnvelope, match="payload_sha256"):
        decode(encode_replay(A_REQUEST))


@pytest.mark.parametrize("body", ["", "[]", "{", '{"version":"1","event_id":"replay"}', '{"kind":"other"}'])
def test_other_messages_are_none(body: str) -> None:
    assert decode_replay(body) is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"version": "2"}, "version"),
        ({"event_id": 7}, "event_id"),
        ({"event_id": "a b"}, "an id or a time"),
        ({"received_at": "2026-11-29T12:00:00"}, "an id or a time"),
        ({"replay_id": ""}, "an id or a time"),
    ],
)
def test_one_that_is_damaged_says_where(change: dict[str, object], named: str) -> None:
    body = json.dumps(json.loads(encode_replay(A_REQUEST)) | change)

    with pytest.raises(InvalidEnvelope, match=named):
        decode_replay(body)
