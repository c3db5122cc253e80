"""Accepts many events at once: each has an outcome of its own, and nobody's fault becomes a neighbour's."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from functions.common.errors import EventIdReused
from functions.common.side_by_side import side_by_side
from functions.ingest.accept import Acceptor, Prepared
from functions.ingest.batch_reading import Unreadable
from functions.ingest.incoming import IncomingEvent


@dataclass(kw_only=True, slots=True)
class Place:
    """One event's place in the batch, and what became of it."""

    event_id: str | None = None
    """None for what could not be read as an event."""
    prepared: Prepared | None = None
    """What is handed over; None for what is not."""
    error: Exception | None = None
    """Why the event was not accepted; None when it was."""
    first: "Place | None" = None
    """The earlier place of the same event: what became of that one became of this one."""

    @property
    def outcome(self) -> Exception | None:
        """Why the event was not accepted, here or in its first place; None when it was."""
        return self.error if self.first is None else self.first.error


@dataclass(frozen=True, kw_only=True)
class BatchAcceptor:
    """The use case behind `POST /events/batch`."""

    acceptor: Acceptor

    def accept(
        self, items: Sequence[IncomingEvent | Unreadable], *, correlation_id: str, within_seconds: float
    ) -> list[Place]:
        """Return, in the items' order, what became of each, once all that could be is safe. Raises nothing of ours."""
        end = time.monotonic() + within_seconds
        places = self._prepare(items, correlation_id)
        self._store_payloads(places, within_seconds / 2)
        self._send(places, end - time.monotonic())
        return places

    def _prepare(self, items: Sequence[IncomingEvent | Unreadable], correlation_id: str) -> list[Place]:
        places: list[Place] = []
        by_id: dict[str, Place] = {}
        for item in items:
            place = self._place(item, correlation_id)
            if place.prepared is not None:
                _compare(place, by_id.setdefault(place.prepared.envelope.event_id, place))
            places.append(place)
        return places

    def _place(self, item: IncomingEvent | Unreadable, correlation_id: str) -> Place:
        if isinstance(item, Unreadable):
            return Place(event_id=item.event_id, error=item.error)
        try:
            prepared = self.acceptor.prepare(item, correlation_id=correlation_id)
        except Exception as error:  # noqa: BLE001 - a bug that one event meets must not cost its neighbours
            return Place(event_id=item.fields.event_id, error=error)
        return Place(event_id=prepared.envelope.event_id, prepared=prepared)

    def _store_payloads(self, places: Sequence[Place], within_seconds: float) -> None:
        large = [(place, place.prepared) for place in places if place.prepared and place.prepared.offloaded is not None]
        if not large:
            return
        calls = [partial(self.acceptor.store_payload, prepared) for _, prepared in large]
        outcomes = side_by_side(calls, within_seconds=within_seconds)
        for (place, _), outcome in zip(large, outcomes, strict=True):
            place.error = outcome

    def _send(self, places: Sequence[Place], within_seconds: float) -> None:
        ready = [(place, place.prepared.message) for place in places if place.prepared and place.error is None]
        if not ready:
            return
        outcomes = self.acceptor.queue.send_many([message for _, message in ready], within_seconds=within_seconds)
        for (place, _), outcome in zip(ready, outcomes, strict=True):
            place.error = outcome


def _compare(place: Place, first: Place) -> None:
    """Make a place that names an earlier one's id the same event, or refuse it."""
    if first is place or first.prepared is None or place.prepared is None:
        return
    if place.prepared.envelope.content_sha256 == first.prepared.envelope.content_sha256:
        place.first = first
    else:
        place.error = EventIdReused("An earlier event of this batch has the same id and other content.")
    place.prepared = None
