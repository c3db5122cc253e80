"""`GET /events/{event_id}`: one event, its payload or where to fetch it, and how processing it went."""

from dataclasses import dataclass, field

from functions.common.upcasting import Upcasters
from functions.query.cloudevents import cloudevent_text
from functions.query.documents import event_text
from functions.query.event_ids import not_found, read_event_id
from functions.query.ports import PayloadLink, StoredEvent, StoredEvents
from functions.query.versions import in_version


@dataclass(frozen=True, kw_only=True)
class Finder:
    """Finds one event by its id."""

    events: StoredEvents
    link: PayloadLink
    upcasters: Upcasters = field(default_factory=Upcasters)

    def find(self, raw_event_id: str, schema_version: str | None = None) -> str:
        """Return the event as JSON text.

        Args:
            raw_event_id: As the path has it.
            schema_version: The version that the payload is wanted in, or `latest`; None for the one that was sent.

        Raises:
            MalformedRequest: No event can have this id.
            EventNotFound: No event with this id was stored or has failed; one accepted a moment ago may still come.
            UnknownSchemaVersion: The event's type has no schema of this version.
            SchemaVersionUnreachable: The event cannot be had in this version.
            UpcastFailed: An upcaster did not do its work.
            TransientError: The database did not answer.
        """
        event = self._look_up(raw_event_id)
        if schema_version is None:
            return event_text(event, payload_url=self._payload_url(event))
        converted = in_version(event, schema_version, self.upcasters)
        return event_text(converted, payload_url=self._payload_url(event), converted_from=event)

    def find_cloudevent(self, raw_event_id: str, schema_version: str | None = None) -> str | None:
        """Return the event as a CloudEvent's JSON text; None for one that failed, which is none.

        Raises:
            FluxaError: As `find`.
        """
        event = self._look_up(raw_event_id)
        if schema_version is not None:
            event = in_version(event, schema_version, self.upcasters)
        return cloudevent_text(event, payload_url=self._payload_url(event))

    def _look_up(self, raw_event_id: str) -> StoredEvent:
        event = self.events.find(read_event_id(raw_event_id))
        if event is None:
            raise not_found()
        return event

    def _payload_url(self, event: StoredEvent) -> str | None:
        return None if event.payload_ref is None else self.link(event.payload_ref)
