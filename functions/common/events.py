"""An event as clients send it: the rules for its fields, the payload apart."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from functions.common.errors import FieldProblem, InvalidEvent
from functions.common.identifiers import EVENT_ID_RULE, is_event_id
from functions.common.uploads import UploadReference

# https://www.rfc-editor.org/rfc/rfc3339#section-5.6; a time without an offset names no moment.
_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")

CONTENT_ENCODING_ATTRIBUTE = "datacontentencoding"
"""Of an event whose data is bytes, which CloudEvents' JSON form writes as text; the name is CloudEvents 0.3's.
Such data stays the text it came as."""
BASE64 = "base64"

FIELDS_AT_MOST = 50
"""Beyond it a body is not read field by field: each complaint would cost more than the field."""

UNKNOWN_FIELD = "Unknown field; put data of your own into payload."

# SQS takes XML's characters only; tabs and line breaks among them would break logs and tables.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


def parse_timestamp(text: object) -> datetime:
    """Read an RFC 3339 time and return it in UTC.

    Raises:
        ValueError: It is not one, or outside the years 1 to 9999.
    """
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        raise ValueError("must be an RFC 3339 time with an offset, such as 2026-11-23T12:00:00Z")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a date and time that exists") from None


def _event_id(text: str) -> str:
    if not is_event_id(text):
        raise ValueError(f"must be {EVENT_ID_RULE}")
    return text


def is_printable(text: str) -> bool:
    """Tell whether a text is free of control characters and of what an SQS attribute may not hold."""
    return _UNPRINTABLE.search(text) is None


def _printable(text: str) -> str:
    if not is_printable(text):
        raise ValueError("must not contain control characters")
    return text


EventId = Annotated[str, AfterValidator(_event_id)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(_printable)]
Timestamp = Annotated[datetime, BeforeValidator(parse_timestamp)]


class EventFields(BaseModel):
    """Everything in an event but its payload. Unknown fields are refused: most are typing errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    event_id: EventId | None = None
    type: Text
    source: Text | None = None
    user_id: Text | None = None
    occurred_at: Timestamp | None = None
    schema_version: Annotated[Text, StringConstraints(max_length=64)] | None = None
    payload_ref: UploadReference | None = None
    """Where the payload was uploaded to, of an event that does not carry it."""


def validate_fields(fields: dict[str, object]) -> EventFields:
    """Check an event's fields, all of them at once.

    Raises:
        InvalidEvent: Names every field that is wrong.
    """
    if len(fields) > FIELDS_AT_MOST:
        raise InvalidEvent(f"The event has {len(fields)} fields, more than any event has; put data into payload.")
    try:
        return EventFields.model_validate(fields)
    except ValidationError as error:
        problems = field_problems(error)
        raise InvalidEvent(
            f"{len(problems)} of the event's fields {'is' if len(problems) == 1 else 'are'} not valid.",
            problems=problems,
        ) from None


def field_problems(error: ValidationError, *, unknown: str = UNKNOWN_FIELD) -> list[FieldProblem]:
    """Return what is wrong with each field, without its value; `unknown` is said of one that does not exist."""
    return [
        FieldProblem(
            field=".".join(map(str, item["loc"])),
            message=unknown if item["type"] == "extra_forbidden" else _sentence(item["msg"]),
        )
        for item in error.errors(include_url=False, include_input=False)
    ]


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{text[0].upper()}{text[1:]}."
