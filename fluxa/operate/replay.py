"""Stored events handled once more: each is named to the processor, oldest first, and nothing of it is sent.

Sending a page twice is harmless, because within one replay the processor handles no event twice. So a page is
acknowledged once all of it is on the queue, and whoever is killed before that sends it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fluxa.errors import OperatorError
from fluxa.operate.events import Event
from fluxa.operate.listed_file import ListedFile
from fluxa.operate.payload_objects import WAIT_IN_WORDS, ObjectState, PayloadObjects
from fluxa.operate.replay_progress import Progress, ReplayFiles, Report, Step, fraction_of, save
from fluxa.operate.replay_queue import ReplayQueue
from fluxa.operate.stored_pages import Page, StoredPages
from functions.common.events import parse_timestamp
from functions.common.replay import ReplayRequest

Payloads = Mapping[ObjectState, Sequence[Event]]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a replay."""

    progress: Progress
    restoring: int = 0
    """Events that wait for S3, those of the first page that holds any and all behind it; nothing of these was sent."""


@dataclass(frozen=True, kw_only=True)
class Replayer:
    """Replays events."""

    pages: StoredPages
    objects: PayloadObjects
    queue: ReplayQueue
    files: ReplayFiles
    restore_days: int | None = None
    """For how long S3 is asked to keep copies of archived payloads; None stops the replay before the first one."""
    leave_out_missing: bool = False
    """Go on without the events whose payload is gone, and list them."""

    def replay(self, progress: Progress, report: Report) -> Result:
        """Send a request for every event from a place on.

        Raises:
            OperatorError: It could not be done to its end; what was acknowledged is kept.
        """
        left_out = ListedFile(self.files.left_out(progress.replay_id), size=progress.left_out_bytes)
        restoring = 0
        for page in self.pages.after(progress.place):
            progress = progress.begun(page.events[0]["received_at"])
            payloads = payloads_of(page.events, self.objects)
            self._refuse(page, payloads)
            # Before anything is sent: whoever is killed must find the same replay again.
            if not self.files.resume.exists():
                save(progress, self.files.resume)
            restoring += self._restore(payloads)
            if not restoring:
                progress = self._send(page, payloads[ObjectState.MISSING], progress, left_out, report)
            else:
                # Nothing behind the first archived payload goes either: the order stays, and so does the place.
                report(_step(progress, count=progress.sent, event=page.events[-1], restoring=restoring))
        if not restoring:
            self.files.resume.unlink(missing_ok=True)
        return Result(progress=progress, restoring=restoring)

    def _refuse(self, page: Page, payloads: Payloads) -> None:
        missing = payloads[ObjectState.MISSING]
        if missing and not self.leave_out_missing:
            raise OperatorError(
                f"The payloads of {len(missing):,} of the next {len(page.events):,} events are gone from S3, "
                f"{missing[0]['payload_key']} among them: put them back from a backup, or replay all other events with "
                "--leave-out-missing, which lists these."
            )
        archived = [*payloads[ObjectState.ARCHIVED], *payloads[ObjectState.RESTORING]]
        if archived and self.restore_days is None:
            raise OperatorError(
                f"The payloads of {len(archived):,} of the next {len(page.events):,} events are in an archive, "
                f"{archived[0]['payload_key']} among them: add --restore DAYS to have S3 fetch those of all events "
                f"that are meant, which takes {WAIT_IN_WORDS}, and replay then."
            )

    def _restore(self, payloads: Payloads) -> int:
        archived, under_way = payloads[ObjectState.ARCHIVED], payloads[ObjectState.RESTORING]
        if self.restore_days is not None:
            self.objects.restore([event["payload_key"] for event in archived], days=self.restore_days)
        return len(archived) + len(under_way)

    def _send(
        self, page: Page, missing: Sequence[Event], progress: Progress, left_out: ListedFile, report: Report
    ) -> Progress:
        gone = {event["event_id"] for event in missing}
        events = [event for event in page.events if event["event_id"] not in gone]
        sent = 0
        for taken in self.queue.send([_request(event, progress.replay_id) for event in events]):
            sent += taken
            report(_step(progress, count=progress.sent + sent, event=events[sent - 1]))
        left_out.append(
            {"event_id": event["event_id"], "payload_key": event["payload_key"], "reason": "The payload is gone."}
            for event in missing
        )
        progress = progress.advance(page.behind, sent=sent, left_out=len(missing), left_out_bytes=left_out.size)
        save(progress, self.files.resume)
        return progress


def payloads_of(events: Sequence[Event], objects: PayloadObjects) -> Payloads:
    """Return the events whose payload lies in S3, by whether it can be read."""
    offloaded = [event for event in events if event["payload_key"] is not None]
    states = objects.states([event["payload_key"] for event in offloaded])
    found: dict[ObjectState, list[Event]] = {state: [] for state in ObjectState}
    for event in offloaded:
        found[states[event["payload_key"]]].append(event)
    return found


def _request(event: Event, replay_id: str) -> ReplayRequest:
    return ReplayRequest(
        replay_id=replay_id,
        event_id=event["event_id"],
        received_at=parse_timestamp(event["received_at"]),
        type=event["type"],
        correlation_id=event["correlation_id"],
    )


def _step(progress: Progress, *, count: int, event: Event, restoring: int = 0) -> Step:
    reached = event["received_at"]
    begins = progress.begins or reached
    fraction = fraction_of(reached, begins=begins, before=progress.before)
    return Step(count=count, reached=reached, fraction=fraction, restoring=restoring)
