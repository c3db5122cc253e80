"""`GET /events/{event_id}`: one event, its payload or where to fetch it, and how processing it went."""

from dataclasses import dataclass

from functions.query.documents import event_text
from functions.query.event_ids import not_found, read_event_id
from functions.query.ports import PayloadLink, StoredEvents


@dataclass(frozen=True, kw_only=True)
class Finder:
    """Finds one event by its id."""

    events: StoredEvents
    link: PayloadLink

    def find(self, raw_event_id: str) -> str:
        """Return the event as JSON text.

        Raises:
            MalformedRequest: No event can have this id.
            EventNotFound: No event with this id was stored or has failed; one accepted a moment ago may still come.
            TransientError: The database did not answer.
        """
        event = self.events.find(read_event_id(raw_event_id))
        if event is None:
            raise not_found()
        payload_url = None if event.payload_ref is None else self.link(event.payload_ref)
        return event_text(event, payload_url=payload_url)
