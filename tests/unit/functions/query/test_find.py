"""One event by its id."""

import json

import pytest

from functions.common.errors import DatabaseUnavailable, EventNotFound, MalformedRequest
from functions.query.find import Finder
from tests.support.fakes_query import BrokenStoredEvents, InMemoryStoredEvents, a_link
from tests.support.stored_events import a_failed_event, a_payload_reference, a_stored_event


def a_finder(*events):
    return Finder(events=InMemoryStoredEvents(events), link=a_link)


def test_an_inline_payload_is_answered_as_the_client_wrote_it():
    payload = '{ "n": 1.50, "n": 2e0,\n "big": 123456789012345678901234567890, "é": "\\u00e9" }'

    text = a_finder(a_stored_event(payload=payload)).find("e-1")

    assert text.endswith(f', "payload": {payload}}}')
    assert json.loads(payload) == json.loads(text)["payload"]


@pytest.mark.parametrize("payload", ["null", "0", '""', "[]", "false", '"text"'])
def test_a_payload_of_any_json_type_is_answered(payload):
    document = json.loads(a_finder(a_stored_event(payload=payload)).find("e-1"))

    assert json.loads(payload) == document["payload"]


def test_a_large_payload_is_answered_as_a_link():
    document = json.loads(a_finder(a_stored_event(payload_ref=a_payload_reference())).find("e-1"))

    expected = f"https://payloads.example/payloads/2026/11/23/e-1/{'a' * 64}.json?signed"
    assert expected == document["payload_url"]
    assert f"payloads/2026/11/23/e-1/{'a' * 64}.json" == document["payload_key"]
    assert "payload" not in document


def test_an_event_is_answered_with_its_processing_record():
    document = json.loads(a_finder(a_stored_event()).find("e-1"))

    assert {
        "event_id": "e-1",
        "status": "completed",
        "type": "order.created",
        "source": "shop",
        "user_id": "u-1",
        "correlation_id": "c-1",
        "schema_version": "1",
        "occurred_at": "2026-11-23T11:59:59.123456Z",
        "received_at": "2026-11-23T12:00:00.123456Z",
        "processed_at": "2026-11-23T12:00:02.123456Z",
        "payload_bytes": 19,
        "payload_sha256": "a21f4cb29682ba98d1ef40912a1e6989b82541e5e676e5c1bffbe96d8f1bf887",
        "payload_key": None,
        "attempts": 1,
        "errors": [],
        "first_seen_at": "2026-11-23T12:00:01.123456Z",
        "updated_at": "2026-11-23T12:00:02.123456Z",
        "completed_at": "2026-11-23T12:00:02.123456Z",
        "attributes": {"subject": "order 7"},
        "payload": {"n": 2},
    } == document


def test_a_failed_event_is_answered_as_a_record_without_payload():
    document = json.loads(a_finder(a_failed_event()).find("e-1"))

    assert "dead_lettered" == document["status"]
    assert ["handler_refused", "handler_refused"] == [entry["code"] for entry in document["errors"]]
    assert {"at", "code", "message", "attempt"} == set(document["errors"][0])
    assert {"payload", "payload_url"}.isdisjoint(document)
    assert document["completed_at"] is None


def test_an_unknown_id_is_not_found():
    with pytest.raises(EventNotFound, match="may follow soon"):
        a_finder(a_stored_event("e-1")).find("e-2")


@pytest.mark.parametrize("event_id", ["", "a b", "a/b", "é", "a\x00", "\ud800", "%00", "%ff", "a%2Fb", "..", "x" * 129])
def test_an_id_that_no_event_can_have_is_malformed(event_id):
    with pytest.raises(MalformedRequest, match="no event can have") as refusal:
        a_finder().find(event_id)

    assert ["event_id"] == [problem.field for problem in refusal.value.problems]


def test_an_id_that_the_gateway_left_encoded_is_found():
    assert "a:b" == json.loads(a_finder(a_stored_event("a:b")).find("a%3Ab"))["event_id"]


def test_a_database_that_does_not_answer_is_not_a_missing_event():
    with pytest.raises(DatabaseUnavailable, match="down"):
        Finder(events=BrokenStoredEvents(DatabaseUnavailable("down")), link=a_link).find("e-1")
