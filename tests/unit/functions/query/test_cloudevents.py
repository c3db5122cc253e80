"""A stored event, answered as a CloudEvent."""

import json
from pathlib import Path

import pytest
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from functions.common.http import Headers
from functions.query.cloudevents import cloudevent_text, is_asked_for
from tests.support.stored_events import PAYLOAD, a_failed_event, a_payload_reference, a_stored_event

DOCUMENT = yaml.safe_load(Path("openapi.yaml").read_text())

EVENTS = {
    "inline": (a_stored_event(), None),
    "null": (a_stored_event(payload="null"), None),
    "in S3": (a_stored_event(payload_ref=a_payload_reference()), "https://payloads.example/1"),
    "bare": (
        a_stored_event(attributes=None, source=None, user_id=None, schema_version=None, occurred_at=None),
        None,
    ),
}


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/cloudevents+json", True),
        ("text/html, Application/CloudEvents+JSON; charset=utf-8;q=0.9", True),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_cloudevent_is_answered_to_whom_asks_for_one(accept: str, wanted: bool):
    assert wanted == is_asked_for(Headers({"accept": accept}))


def test_our_fields_and_the_attributes_kept_are_its_members():
    text = cloudevent_text(a_stored_event(), payload_url=None)

    assert {
        "specversion": "1.0",
        "id": "e-1",
        "source": "shop",
        "type": "order.created",
        "time": "2026-11-23T11:59:59.123456Z",
        "userid": "u-1",
        "schemaversion": "1",
        "subject": "order 7",
        "data": {"n": 2},
    } == json.loads(text)


def test_the_data_is_spelt_as_the_client_spelt_it():
    assert cloudevent_text(a_stored_event(), payload_url=None).endswith(f', "data": {PAYLOAD}}}')


def test_data_that_came_as_base64_goes_as_base64():
    event = a_stored_event(payload='"MQ=="', attributes={"datacontentencoding": "base64"})

    document = json.loads(cloudevent_text(event, payload_url=None))

    assert ("MQ==", False, False) == (document["data_base64"], "data" in document, "datacontentencoding" in document)


def test_a_large_payload_is_referred_to():
    event, url = EVENTS["in S3"]

    document = json.loads(cloudevent_text(event, payload_url=url))

    assert (url, False) == (document["dataref"], "data" in document)


def test_an_event_that_failed_is_none():
    assert cloudevent_text(a_failed_event(), payload_url=None) is None


@pytest.mark.parametrize(("event", "url"), EVENTS.values(), ids=EVENTS)
def test_every_answer_is_as_described(event, url):
    schema = {"$ref": "#/components/schemas/StoredCloudEvent", "components": DOCUMENT["components"]}
    validator = OAS30Validator(schema, format_checker=oas30_format_checker)

    assert [] == [error.message for error in validator.iter_errors(json.loads(cloudevent_text(event, payload_url=url)))]
