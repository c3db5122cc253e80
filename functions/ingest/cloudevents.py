"""CloudEvents 1.0, structured and binary mode, as an alternative form of an event.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md

`id`, `type`, `source` and `time` become our fields, and so do the extensions `userid` and `schemaversion`.
Every other attribute is kept with the event.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from functions.common.errors import FieldProblem, InvalidEvent
from functions.common.events import BASE64, CONTENT_ENCODING_ATTRIBUTE, is_printable, validate_fields
from functions.common.http import Headers
from functions.ingest.incoming import IncomingEvent
from functions.ingest.strict_json import Member, read_object, read_value, refuse_deep

STRUCTURED_MODE = "application/cloudevents+json"
BATCHED_MODE = "application/cloudevents-batch+json"
_HEADER_PREFIX = "ce-"
_OUR_FIELDS = {
    "id": "event_id",
    "type": "type",
    "source": "source",
    "time": "occurred_at",
    "userid": "user_id",
    "schemaversion": "schema_version",
}
ATTRIBUTES_AT_MOST = 30
ATTRIBUTE_CHARACTERS = 1_024
"""Attributes travel in the queue message whatever their size, so together they must stay far below SQS's limit."""
VERSION_ATTRIBUTE = "specversion"
"""Every CloudEvent has it, and no event of our own form may."""
_REQUIRED = ("specversion", "id", "source", "type")


def is_binary_mode(headers: Headers) -> bool:
    """Tell whether the request's headers carry a CloudEvent."""
    return f"{_HEADER_PREFIX}specversion" in headers


def read_structured(body: bytes) -> IncomingEvent:
    """Read an `application/cloudevents+json` body.

    Raises:
        MalformedJson: The body is not acceptable JSON.
        InvalidEvent: It is not a CloudEvent 1.0 with JSON data.
    """
    return from_members(read_object(body))


def from_members(members: dict[str, Member]) -> IncomingEvent:
    """Read a CloudEvent in JSON form: an `application/cloudevents+json` body, or one element of a batch.

    Raises:
        MalformedJson: Its data is nested too deeply.
        InvalidEvent: It is not a CloudEvent 1.0 with JSON data.
    """
    data = members.pop("data", None)
    encoded = members.pop("data_base64", None)
    if data is not None and encoded is not None:
        raise _invalid("data_base64", "Send either data or data_base64.")
    attributes = {name: member.value for name, member in members.items()}
    if encoded is not None:
        attributes[CONTENT_ENCODING_ATTRIBUTE] = BASE64
    return _incoming(attributes, data or encoded)


def read_binary(headers: Headers, body: bytes) -> IncomingEvent:
    """Read a CloudEvent whose attributes are `ce-` headers and whose body is the data.

    Raises:
        MalformedJson: The body is not acceptable JSON.
        InvalidEvent: The headers are not those of a CloudEvent 1.0.
    """
    attributes = {
        name.removeprefix(_HEADER_PREFIX): _header_text(name, value)
        for name, value in headers.items()
        if name.startswith(_HEADER_PREFIX)
    }
    if "content-type" in headers:
        attributes["datacontenttype"] = headers["content-type"]
    return _incoming(attributes, read_value(body) if body else None)


def _header_text(name: str, value: str) -> str:
    # Header values are percent-encoded UTF-8: HTTP protocol binding, section 3.1.3.2.
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise _invalid(name, "Is not percent-encoded UTF-8.") from None


def _incoming(attributes: dict[str, Any], data: Member | None) -> IncomingEvent:
    _require_version_1(attributes)
    if len(attributes) > ATTRIBUTES_AT_MOST:
        raise InvalidEvent(f"The CloudEvent has {len(attributes)} attributes; at most {ATTRIBUTES_AT_MOST} are kept.")
    fields = {ours: attributes[theirs] for theirs, ours in _OUR_FIELDS.items() if attributes.get(theirs) is not None}
    rest = {
        name: _attribute_text(name, value)
        for name, value in attributes.items()
        if name not in _OUR_FIELDS and name != "specversion" and value is not None
    }
    payload = "null" if data is None else data.text
    refuse_deep("data", payload)
    return IncomingEvent(
        fields=_validated(fields),
        payload=payload,
        payload_value=None if data is None else data.value,
        payload_field="data",
        attributes=rest or None,
    )


def _validated(fields: dict[str, Any]) -> Any:
    try:
        return validate_fields(fields)
    except InvalidEvent as error:
        theirs = {ours: name for name, ours in _OUR_FIELDS.items()}
        problems = [
            FieldProblem(field=theirs.get(item.field, item.field), message=item.message) for item in error.problems
        ]
        raise InvalidEvent(error.message, problems=problems) from None


def _require_version_1(attributes: Mapping[str, Any]) -> None:
    missing = [name for name in _REQUIRED if attributes.get(name) in (None, "")]
    if missing:
        problems = [FieldProblem(field=name, message="Required by CloudEvents 1.0.") for name in missing]
        raise InvalidEvent("The CloudEvent lacks required attributes.", problems=problems)
    if attributes["specversion"] != "1.0":
        raise _invalid("specversion", "Must be 1.0.")


def _attribute_text(name: str, value: object) -> str:
    """Return an attribute in the specification's canonical text form."""
    if isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, str) and 0 < len(value) <= ATTRIBUTE_CHARACTERS and is_printable(value):
        return value
    text = f"a string of 1 to {ATTRIBUTE_CHARACTERS} characters without control characters"
    raise _invalid(name, f"Must be an integer, a boolean, or {text}.")


def _invalid(field: str, message: str) -> InvalidEvent:
    return InvalidEvent("The CloudEvent is not valid.", problems=[FieldProblem(field=field, message=message)])
