"""An event as it was understood from a request, before it has been accepted."""

from dataclasses import dataclass, field
from typing import Any

from functions.common.events import EventFields


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingEvent:
    """A valid event and its payload's text."""

    fields: EventFields
    payload: str
    """JSON text exactly as the client wrote it."""
    payload_value: Any = field(default=None, repr=False, compare=False)
    """What that text says, for looking at only: it is never written again."""
    payload_field: str = field(default="payload", compare=False)
    """What the form in which the event was sent calls it."""
    attributes: dict[str, str] | None = None
    """CloudEvents context attributes that have no field of their own."""
