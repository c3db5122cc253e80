"""An event as it was understood from a request, before it has been accepted."""

from dataclasses import dataclass

from functions.common.events import EventFields


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingEvent:
    """A valid event and its payload's text."""

    fields: EventFields
    payload: str
    """JSON text exactly as the client wrote it."""
    attributes: dict[str, str] | None = None
    """CloudEvents context attributes that have no field of their own."""
