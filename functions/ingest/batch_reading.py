"""From an HTTP request to the events of a batch: what cannot be read of one is kept in its place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from functions.common.errors import FieldProblem, MalformedJson, MalformedRequest, UnsupportedMediaType
from functions.common.http import Request
from functions.common.identifiers import IDENTIFIER_MAX_LENGTH, is_event_id
from functions.common.names import Header
from functions.ingest import cloudevents
from functions.ingest.body import COMPRESSED_TYPES, media_type_of, read_body
from functions.ingest.incoming import IncomingEvent
from functions.ingest.json_batch import EVENTS_AT_MOST, Item, read_array, read_lines
from functions.ingest.reading import JSON_TYPES, idempotency_key, read_either, with_event_id
from functions.ingest.strict_json import Member

LINES_TYPE = "application/x-ndjson"

KEY_MAX_LENGTH = IDENTIFIER_MAX_LENGTH - len(f":{EVENTS_AT_MOST - 1}")
"""Of an `Idempotency-Key` for a batch: an event's place in it is added to make the event's id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """What stands in the place of an event that is none."""

    error: Exception
    event_id: str | None = None
    """Its id, when at least that could be read."""


def read_batch(request: Request) -> list[IncomingEvent | Unreadable]:
    """Read the events in a request, in their order.

    Raises:
        PermanentError: One of its subclasses, saying what is wrong with the batch as a whole.
    """
    media_type = media_type_of(request)
    split, understand = _form_of(media_type)
    key = _batch_key(request)
    items = (split or _split_by_content)(read_body(request))
    return [_read_item(item, understand, key, index) for index, item in enumerate(items)]


_Split = Callable[[bytes], Iterator[Item]]
_Understand = Callable[[dict[str, Member]], IncomingEvent]


def _form_of(media_type: str) -> tuple[_Split | None, _Understand]:
    if media_type == cloudevents.BATCHED_MODE:
        return read_array, cloudevents.from_members
    if media_type == LINES_TYPE:
        return read_lines, read_either
    if media_type in JSON_TYPES:
        return read_array, read_either
    if media_type in COMPRESSED_TYPES:
        return None, read_either
    types = ("application/json", cloudevents.BATCHED_MODE, LINES_TYPE)
    raise UnsupportedMediaType(f"Send {', '.join(types)}, or one of them packed as {' or '.join(COMPRESSED_TYPES)}.")


def _split_by_content(body: bytes) -> Iterator[Item]:
    """Read an array or lines: what is inside a compressed body, only its first character can tell."""
    return read_array(body) if body.lstrip()[:1] == b"[" else read_lines(body)


def _batch_key(request: Request) -> str | None:
    key = idempotency_key(request)
    if key is not None and len(key) > KEY_MAX_LENGTH:
        problem = FieldProblem(
            field=Header.IDEMPOTENCY_KEY,
            message=f"Must have at most {KEY_MAX_LENGTH} characters, so that each event's place fits behind it.",
        )
        raise MalformedRequest("The idempotency key is too long for a batch.", problems=[problem])
    return key


def _read_item(item: Item, understand: _Understand, key: str | None, index: int) -> IncomingEvent | Unreadable:
    if isinstance(item, MalformedJson):
        return Unreadable(error=item)
    event_id = _event_id_in(item)
    try:
        event = understand(item)
    except Exception as error:  # noqa: BLE001 - a bug that one event meets must not cost its neighbours
        return Unreadable(error=error, event_id=event_id)
    if event.fields.event_id is None and key is not None:
        # The same batch under the same key gives the same ids, so sending it again does no harm.
        return with_event_id(event, f"{key}:{index}")
    return event


def _event_id_in(members: Mapping[str, Member]) -> str | None:
    member = members.get("id" if cloudevents.VERSION_ATTRIBUTE in members else "event_id")
    value = None if member is None else member.value
    return value if isinstance(value, str) and is_event_id(value) else None
