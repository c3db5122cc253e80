"""What happened to one event, as the API tells it."""

from typing import Any

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier


def path_of(event_id: str) -> str:
    """Return where an event's timeline is found below the API's URL."""
    return f"/events/{event_id}/timeline"


def read_timeline(api: Api, event_id: str) -> dict[str, Any]:
    """Return the timeline of one event.

    Raises:
        OperatorError: No event can have this id, none has, or the API cannot be reached.
    """
    # In a path it might lead anywhere.
    if not is_identifier(event_id):
        raise OperatorError(f"An event's id has {IDENTIFIER_RULE}; {event_id!r:.80} is none.")
    timeline: dict[str, Any] = api.get(path_of(event_id))
    return timeline
