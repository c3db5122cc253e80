"""`GET /events/{event_id}`: one event, its payload or where to fetch it, and how processing it went."""

from dataclasses import dataclass
from urllib.parse import unquote

from functions.common.errors import EventNotFound, FieldProblem, MalformedRequest
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier
from functions.query.cloudevents import cloudevent_text
from functions.query.documents import event_text
from functions.query.ports import PayloadLink, StoredEvent, StoredEvents


@dataclass(frozen=True, kw_only=True)
class Finder:
    """Finds one event by its id."""

    events: StoredEvents
    link: PayloadLink

    def find(self, raw_event_id: str) -> str:
        """Return the event as JSON text.

        Raises:
            FluxaError: As `look_up`.
        """
        event, payload_url = self.look_up(raw_event_id)
        return event_text(event, payload_url=payload_url)

    def find_cloudevent(self, raw_event_id: str) -> str | None:
        """Return the event as a CloudEvent's JSON text; None for one that failed, which is none.

        Raises:
            FluxaError: As `look_up`.
        """
        event, payload_url = self.look_up(raw_event_id)
        return cloudevent_text(event, payload_url=payload_url)

    def look_up(self, raw_event_id: str) -> tuple[StoredEvent, str | None]:
        """Return the event, and where its payload is when that is too large to be answered.

        Raises:
            MalformedRequest: No event can have this id.
            EventNotFound: No event with this id was stored or has failed; one accepted a moment ago may still come.
            TransientError: The database did not answer.
        """
        # Gateways differ in whether they decode a path; ids hold no `%`, so decoding one again changes nothing.
        event_id = unquote(raw_event_id)
        if not is_identifier(event_id):
            message = f"Must be {IDENTIFIER_RULE}."
            problem = FieldProblem(field="event_id", message=message)
            raise MalformedRequest("The path names an id that no event can have.", problems=[problem])
        event = self.events.find(event_id)
        if event is None:
            raise EventNotFound(
                "No event with this id has been stored or has failed; one just accepted may follow soon."
            )
        return event, None if event.payload_ref is None else self.link(event.payload_ref)
