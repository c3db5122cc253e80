"""The id in a call's path, and what is said of one that nothing is known of."""

from urllib.parse import unquote

from functions.common.errors import EventNotFound, FieldProblem, MalformedRequest
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier


def read_event_id(raw_event_id: str) -> str:
    """Return the id that a path names.

    Raises:
        MalformedRequest: No event can have this id.
    """
    # Gateways differ in whether they decode a path; ids hold no `%`, so decoding one again changes nothing.
    event_id = unquote(raw_event_id)
    if not is_identifier(event_id):
        problem = FieldProblem(field="event_id", message=f"Must be {IDENTIFIER_RULE}.")
        raise MalformedRequest("The path names an id that no event can have.", problems=[problem])
    return event_id


def not_found() -> EventNotFound:
    """Return what is raised for an id of which nothing is stored, nor has failed: it may still be in the queue."""
    return EventNotFound("No event with this id has been stored or has failed; one just accepted may follow soon.")
