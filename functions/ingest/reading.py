"""From an HTTP request to an event: which form it has, and what its id is."""

from dataclasses import replace

from functions.common.errors import FieldProblem, InvalidEvent, MalformedRequest, UnsupportedMediaType
from functions.common.events import validate_fields
from functions.common.http import Request
from functions.common.identifiers import EVENT_ID_RULE, is_event_id
from functions.common.names import Header
from functions.ingest import cloudevents
from functions.ingest.body import COMPRESSED_TYPES, media_type_of, read_body
from functions.ingest.incoming import IncomingEvent
from functions.ingest.strict_json import Member, read_object, refuse_deep

# `curl -d` sends the form type unless told otherwise; nothing else would be served by refusing it.
JSON_TYPES = frozenset({"", "application/json", "text/json", "application/x-www-form-urlencoded"})


def read_event(request: Request) -> IncomingEvent:
    """Read the event in a request, in any of the forms we take.

    Raises:
        PermanentError: One of its subclasses, saying what is wrong with the request.
    """
    media_type = media_type_of(request)
    body = read_body(request)
    if cloudevents.is_binary_mode(request.headers):
        require_json(media_type)
        event = cloudevents.read_binary(request.headers, body)
    elif media_type == cloudevents.STRUCTURED_MODE:
        event = cloudevents.read_structured(body)
    elif media_type in COMPRESSED_TYPES:
        # The type tells how the body was packed; only the content can tell what it is.
        event = read_either(read_object(body))
    else:
        require_json(media_type)
        event = _read_native(read_object(body))
    return _with_idempotency_key(event, request)


def read_either(members: dict[str, Member]) -> IncomingEvent:
    """Read an event of our own form, or a CloudEvent, which is one that has a `specversion`.

    Raises:
        MalformedJson: Its payload is nested too deeply.
        InvalidEvent: Its fields are not valid.
    """
    if cloudevents.VERSION_ATTRIBUTE in members:
        return cloudevents.from_members(members)
    return _read_native(members)


def idempotency_key(request: Request) -> str | None:
    """Return the `Idempotency-Key` header's value, None when there is none.

    Raises:
        MalformedRequest: It could not serve as an event id.
    """
    key = request.headers.get(Header.IDEMPOTENCY_KEY)
    if key is None:
        return None
    # The IETF draft makes it a structured-field string, in quotes; most clients send it bare.
    key = key.strip(" \t")
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not is_event_id(key):
        problem = FieldProblem(field=Header.IDEMPOTENCY_KEY, message=f"Must be {EVENT_ID_RULE}.")
        raise MalformedRequest("The idempotency key is not usable as an event id.", problems=[problem])
    return key


def with_event_id(event: IncomingEvent, event_id: str) -> IncomingEvent:
    """Return the event under another id."""
    return replace(event, fields=event.fields.model_copy(update={"event_id": event_id}))


def require_json(media_type: str) -> None:
    """Let pass what may hold a JSON object of ours.

    Raises:
        UnsupportedMediaType: It names something else.
    """
    if media_type not in JSON_TYPES and not media_type.endswith("+json"):
        types = f"application/json or {cloudevents.STRUCTURED_MODE}"
        raise UnsupportedMediaType(f"Send {types}, or one of them packed as {' or '.join(COMPRESSED_TYPES)}.")


def _read_native(members: dict[str, Member]) -> IncomingEvent:
    payload = members.pop("payload", None)
    fields = validate_fields({name: member.value for name, member in members.items()})
    # An event may say all it has to say by its type: an absent payload is JSON's null.
    text = "null" if payload is None else payload.text
    if fields.payload_ref is not None:
        _refuse_text(text)
        return IncomingEvent(fields=fields, payload=fields.payload_ref)
    refuse_deep("payload", text)
    return IncomingEvent(fields=fields, payload=text, payload_value=None if payload is None else payload.value)


def _refuse_text(text: str) -> None:
    """Make sure that an event whose payload was uploaded carries none."""
    if text != "null":
        problem = FieldProblem(field="payload_ref", message="Send either payload or payload_ref.")
        raise InvalidEvent("The event has two payloads.", problems=[problem])


def _with_idempotency_key(event: IncomingEvent, request: Request) -> IncomingEvent:
    """Take the event's id from the `Idempotency-Key` header when the event has none."""
    key = idempotency_key(request)
    if key is None:
        return event
    if event.fields.event_id not in {None, key}:
        problem = FieldProblem(field="event_id", message=f"Differs from the {Header.IDEMPOTENCY_KEY} header.")
        raise InvalidEvent("The request names two event ids.", problems=[problem])
    return with_event_id(event, key)
