"""From an HTTP request to an event: which form it has, and what its id is."""

from dataclasses import replace

from functions.common.errors import FieldProblem, InvalidEvent, MalformedRequest, UnsupportedMediaType
from functions.common.events import validate_fields
from functions.common.http import Request
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier
from functions.common.names import Header
from functions.ingest import cloudevents
from functions.ingest.body import read_body
from functions.ingest.incoming import IncomingEvent
from functions.ingest.strict_json import read_object, refuse_deep

# `curl -d` sends the form type unless told otherwise; nothing else would be served by refusing it.
_JSON_TYPES = frozenset({"", "application/json", "text/json", "application/x-www-form-urlencoded"})


def read_event(request: Request) -> IncomingEvent:
    """Read the event in a request, in any of the forms we take.

    Raises:
        PermanentError: One of its subclasses, saying what is wrong with the request.
    """
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    body = read_body(request)
    if cloudevents.is_binary_mode(request.headers):
        _require_json(media_type)
        event = cloudevents.read_binary(request.headers, body)
    elif media_type == cloudevents.STRUCTURED_MODE:
        event = cloudevents.read_structured(body)
    else:
        _require_json(media_type)
        event = _read_native(body)
    return _with_idempotency_key(event, request)


def _require_json(media_type: str) -> None:
    if media_type not in _JSON_TYPES and not media_type.endswith("+json"):
        raise UnsupportedMediaType(f"Send application/json or {cloudevents.STRUCTURED_MODE}.")


def _read_native(body: bytes) -> IncomingEvent:
    members = read_object(body)
    payload = members.pop("payload", None)
    fields = validate_fields({name: member.value for name, member in members.items()})
    # An event may say all it has to say by its type: an absent payload is JSON's null.
    text = "null" if payload is None else payload.text
    refuse_deep("payload", text)
    return IncomingEvent(fields=fields, payload=text, payload_value=None if payload is None else payload.value)


def _with_idempotency_key(event: IncomingEvent, request: Request) -> IncomingEvent:
    """Take the event's id from the `Idempotency-Key` header when the event has none."""
    key = request.headers.get(Header.IDEMPOTENCY_KEY)
    if key is None:
        return event
    # The IETF draft makes it a structured-field string, in quotes; most clients send it bare.
    key = key.strip().removeprefix('"').removesuffix('"')
    if not is_identifier(key):
        problem = FieldProblem(field=Header.IDEMPOTENCY_KEY, message=f"Must be {IDENTIFIER_RULE}.")
        raise MalformedRequest("The idempotency key is not usable as an event id.", problems=[problem])
    if event.fields.event_id not in {None, key}:
        problem = FieldProblem(field="event_id", message=f"Differs from the {Header.IDEMPOTENCY_KEY} header.")
        raise InvalidEvent("The request names two event ids.", problems=[problem])
    fields = event.fields.model_copy(update={"event_id": key})
    return replace(event, fields=fields)
