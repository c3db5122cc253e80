"""A stored event as a CloudEvent 1.0 in structured mode: what ingest read from one, written again.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

Extensions come back as text: the queue, the table and CloudEvents' own binary mode keep their type as little.
"""

import json
from typing import Any

from functions.common.events import BASE64, CONTENT_ENCODING_ATTRIBUTE
from functions.common.http import Headers
from functions.query.documents import time_text
from functions.query.ports import StoredEvent

STRUCTURED_MODE = "application/cloudevents+json"

NO_SOURCE = "/events"
"""A CloudEvent must name a source. For an event that was sent without one it is this API, as a relative reference."""

DATA_REFERENCE = "dataref"
"""https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/dataref.md"""


def is_asked_for(headers: Headers) -> bool:
    """Tell whether the client would rather have a CloudEvent than a document of ours."""
    accepted = (part.partition(";")[0].strip().lower() for part in headers.get("Accept", "").split(","))
    return STRUCTURED_MODE in accepted


def cloudevent_text(event: StoredEvent, *, payload_url: str | None) -> str | None:
    """Return the event as JSON text, its data as the client wrote it; None for one that was never stored.

    Args:
        event: as the tables have it.
        payload_url: where to fetch a payload that is too large to be answered, which then stands for the data.
    """
    if event.payload is None and payload_url is None:
        return None
    summary = event.summary
    attributes = dict(event.attributes or {})
    data_member = "data_base64" if attributes.pop(CONTENT_ENCODING_ATTRIBUTE, None) == BASE64 else "data"
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": summary.event_id,
        "source": summary.source or NO_SOURCE,
        "type": summary.type,
        "time": time_text(summary.occurred_at),
        "userid": summary.user_id,
        "schemaversion": summary.schema_version,
        **attributes,
    }
    if payload_url is not None:
        members[DATA_REFERENCE] = payload_url
    text = json.dumps({name: value for name, value in members.items() if value is not None})
    return text if event.payload is None else f'{text[:-1]}, "{data_member}": {event.payload}}}'
