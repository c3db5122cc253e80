"""CloudEvents as the official SDK writes them go in in either mode, and come back as the SDK reads them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from functions.query.cloudevents import STRUCTURED_MODE
from tests.support.api import Api

Write = Callable[[BaseCloudEvent], HTTPMessage]
MODES: dict[str, Write] = {"structured": to_structured_event, "binary": to_binary_event}

DATA = {
    "object": {"order": 7, "lines": [{"sku": "é-1", "price": "1.50"}], "paid": None},
    "array": [1, 2.5, True],
    "text": "a \N{SNOWMAN}",
    "large": {"text": "x" * 300_000},
}


def _an_event(data: Any) -> CloudEvent:
    return CloudEvent(
        {
            "id": f"sdk-{time.time_ns()}",
            "source": "https://shop.example/orders?from=é",
            "type": "com.example.order.created",
            "specversion": "1.0",
            "time": datetime(2026, 11, 29, 12, 30, 0, 250_000, tzinfo=UTC),
            "subject": "order/7 ü",
            "datacontenttype": "application/json",
            "dataschema": "https://shop.example/schemas/order.json",
            "partitionkey": "user 1",
        },
        data,
    )


def _send(api: Api, message: HTTPMessage) -> None:
    answer = api.client.post("/events", content=message.body, headers=message.headers)

    assert answer.status_code == 202, answer.text


def _receive(api: Api, event_id: str) -> BaseCloudEvent:
    api.get_event(event_id)
    answer = api.client.get(f"/events/{event_id}", headers={"Accept": STRUCTURED_MODE})
    assert (200, STRUCTURED_MODE) == (answer.status_code, answer.headers["Content-Type"]), answer.text
    return from_http_event(HTTPMessage(headers=dict(answer.headers), body=answer.content))


# In binary mode the SDK writes nothing but objects as JSON: a list becomes Python's own notation.
@pytest.mark.parametrize(
    ("mode", "kind"), [("structured", "object"), ("structured", "array"), ("structured", "text"), ("binary", "object")]
)
def test_what_the_sdk_sends_the_sdk_gets_back(api: Api, mode: str, kind: str) -> None:
    sent = _an_event(DATA[kind])

    _send(api, MODES[mode](sent))

    received = _receive(api, sent.get_id())
    assert (sent.get_attributes(), sent.get_data()) == (received.get_attributes(), received.get_data())


@pytest.mark.parametrize("write", MODES.values(), ids=MODES)
def test_data_too_large_for_an_answer_is_behind_its_dataref(api: Api, write: Write) -> None:
    sent = _an_event(DATA["large"])

    _send(api, write(sent))

    received = _receive(api, sent.get_id())
    reference = received.get_extension("dataref")
    assert sent.get_attributes() == {k: v for k, v in received.get_attributes().items() if k != "dataref"}
    assert sent.get_data() == api.client.get(reference, headers={"x-api-key": ""}).json()


def test_bytes_come_back_as_bytes(api: Api) -> None:
    sent = _an_event(b"\x00\xff")

    _send(api, to_structured_event(sent))

    assert b"\x00\xff" == _receive(api, sent.get_id()).get_data()
