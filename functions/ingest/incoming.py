"""An event as it was understood from a request, before it has been accepted."""

from dataclasses import dataclass, field
from typing import Any

from functions.common.events import EventFields
from functions.common.uploads import UploadReference


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingEvent:
    """A valid event and its payload's text, or where that was uploaded."""

    fields: EventFields
    payload: str | UploadReference
    """JSON text exactly as the client wrote it, or the upload that is to be the payload."""
    payload_value: Any = field(default=None, repr=False, compare=False)
    """What that text says, for looking at only: it is never written again."""
    payload_field: str = field(default="payload", compare=False)
    """What the form in which the event was sent calls it."""
    attributes: dict[str, str] | None = None
    """CloudEvents context attributes that have no field of their own."""
