"""CloudEvents 1.0 in both HTTP modes, as the official SDK writes them."""

import json
from typing import Any

import pytest

from functions.common.errors import InvalidEvent, MalformedJson
from functions.common.http import Headers
from functions.ingest.cloudevents import is_binary_mode, read_binary, read_structured

EVENT: dict[str, Any] = {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "order.created"}


def _structured(**members: object) -> bytes:
    return json.dumps(EVENT | members).encode()


def _binary(**attributes: str) -> Headers:
    return Headers({f"Ce-{name.title()}": value for name, value in (EVENT | attributes).items()})


def test_a_structured_event_becomes_ours() -> None:
    event = read_structured(
        _structured(
            time="2026-11-23T12:00:00Z", userid="u1", schemaversion="2", subject="order/7", sequence=4, data={"n": 1}
        )
    )

    fields = event.fields
    assert (
        fields.event_id,
        fields.source,
        fields.type,
        fields.user_id,
        fields.schema_version,
    ) == ("e-1", "/shop", "order.created", "u1", "2")
    assert (event.attributes, event.payload) == ({"subject": "order/7", "sequence": "4"}, '{"n": 1}')


def test_a_binary_event_becomes_ours() -> None:
    headers = Headers({**dict(_binary(subject="caf%C3%A9")), "Content-Type": "application/json"})

    event = read_binary(headers, b"[1.50]")

    assert is_binary_mode(headers)
    assert (event.fields.event_id, event.payload) == ("e-1", "[1.50]")
    assert event.attributes == {"subject": "café", "datacontenttype": "application/json"}


def test_an_event_without_data_has_a_null_payload() -> None:
    assert (read_structured(_structured()).payload, read_binary(_binary(), b"").payload) == ("null", "null")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": "a/b"}, "id"),
        ({"source": None}, "source"),
        ({"type": 7}, "type"),
        ({"time": "noon"}, "time"),
        ({"extension": {"a": 1}}, "extension"),
        ({"extension": 1.5}, "extension"),
        ({"extension": ""}, "extension"),
        ({"extension": "x" * 1_025}, "extension"),
        ({"data": 1, "data_base64": "MQ=="}, "data_base64"),
    ],
)
def test_a_field_is_refused_by_its_cloudevents_name(members: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidEvent, match=r"not valid|lacks required") as refused:
        read_structured(_structured(**members))

    assert [field] == [problem.field for problem in refused.value.problems]


def test_header_values_that_decode_to_control_characters_are_refused() -> None:
    with pytest.raises(InvalidEvent, match="not valid"):
        read_binary(_binary(type="a%00b"), b"1")
    with pytest.raises(InvalidEvent, match="not valid"):
        read_binary(_binary(subject="%ff"), b"1")


def test_data_is_held_to_the_same_rules_as_a_payload() -> None:
    with pytest.raises(MalformedJson, match="nested too deeply"):
        read_binary(_binary(), b"[" * 65 + b"]" * 65)
    with pytest.raises(MalformedJson, match="NaN"):
        read_binary(_binary(), b"NaN")


def test_more_attributes_than_a_message_may_carry_are_refused() -> None:
    with pytest.raises(InvalidEvent, match="at most 30 are kept"):
        read_structured(_structured(**{f"extension{number}": 1 for number in range(27)}))
