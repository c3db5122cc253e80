"""One `fluxa replay` command line, carried out: it begins or goes on, is watched, and told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fluxa.cli.dlq_shown import reporter
from fluxa.cli.replay_shown import (
    list_elsewhere,
    print_dead_letters,
    print_elsewhere,
    print_rehearsal,
    print_result,
    shown,
)
from fluxa.cli.stopping import stopped_by_signals
from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.aws_errors import told
from fluxa.operate.dead_letters import Selection
from fluxa.operate.events import PAGE_AT_MOST
from fluxa.operate.moments import parse_moment, written
from fluxa.operate.pace import Pace
from fluxa.operate.payload_objects import PayloadObjects
from fluxa.operate.redrive import Redriver
from fluxa.operate.rehearsal import rehearse
from fluxa.operate.replay import Replayer
from fluxa.operate.replay_dead_letters import replay_dead_letters
from fluxa.operate.replay_progress import Progress, ReplayFiles, Step
from fluxa.operate.replay_queue import ReplayQueue
from fluxa.operate.server_clock import clock_of
from fluxa.operate.stored_pages import Place, StoredPages
from fluxa.operate.target import Target
from functions.common.identifiers import new_id
from functions.common.names import EventStatus

PAGE_SECONDS = 10
"""A page is acknowledged as a whole, so a slow replay reads small ones: that much is sent again after a kill."""

_PARAMETERS = {"--type": "type", "--user": "user_id", "--source": "source", "--correlation-id": "correlation_id"}
_FOLDER = Path()


@dataclass(frozen=True, kw_only=True)
class ReplayRun:
    """What was asked for."""

    target: Target
    asked: Mapping[str, str]
    """The filters by their options, as they were typed."""
    status: EventStatus
    rate: float | None
    as_json: bool

    def replay(self, name: str | None, *, restart: bool, restore_days: int | None, leave_out_missing: bool) -> bool:
        """Send the stored events; tell whether none is left."""
        files = ReplayFiles(folder=_FOLDER, name=name)
        with told(), Api(self.target) as api:
            sqs = self.target.client("sqs")
            progress = files.take_up(
                lambda: self._begin(sqs, name), stack=self.target.identity, asked=self.asked, restart=restart
            )
            replayer = Replayer(
                pages=self._pages(api),
                objects=self._objects(),
                queue=ReplayQueue(sqs=sqs, url=self.target.queue_url, pace=Pace(rate=self.rate)),
                files=files,
                restore_days=restore_days,
                leave_out_missing=leave_out_missing,
            )
            with _counted(progress.sent, "sent") as tell, shown("sent", count=progress.sent) as show:

                def report(step: Step) -> None:
                    tell(step.count)
                    show(step)

                result = replayer.replay(progress, report)
        print_result(result, files.left_out(progress.replay_id), as_json=self.as_json)
        return not (result.restoring or result.progress.left_out)

    def rehearse(self) -> bool:
        """Count the stored events; there is nothing that could be left."""
        with told(), Api(self.target) as api:
            place, before = self._place(self.target.client("sqs"))
            with shown("counted") as report:
                counted = rehearse(self._pages(api), self._objects(), place, report, before=before)
        print_rehearsal(counted, as_json=self.as_json)
        return True

    def replay_dead_letters(self, *, dry_run: bool) -> bool:
        """Redrive the dead letters of events that failed; tell whether none is left."""
        with told(), Api(self.target) as api:
            sqs = self.target.client("sqs")
            place, _ = self._place(sqs)

            def redriver(selection: Selection) -> Redriver:
                return Redriver(
                    sqs=sqs,
                    dead_letter_queue_url=self.target.dead_letter_queue_url,
                    queue_url=self.target.queue_url,
                    selection=selection,
                    rate=self.rate,
                )

            show = reporter("redriven")
            with _counted(0, "redriven") as tell:

                def report(count: int) -> None:
                    tell(count)
                    show(count)

                done = replay_dead_letters(self._pages(api), place, redriver, report, dry_run=dry_run)
        listed = None if dry_run or self.status is EventStatus.FAILED else list_elsewhere(done, _left_out())
        print_dead_letters(done, dry_run=dry_run, as_json=self.as_json)
        print_elsewhere(done, self.status, listed)
        # A failed event that has no dead letter is on the main queue: nothing has to be done for it.
        is_gone = bool(done.elsewhere) and self.status is not EventStatus.FAILED
        return dry_run or (done.tally.is_complete and not is_gone)

    def _begin(self, sqs: Any, name: str | None) -> Progress:
        place, before = self._place(sqs)
        return Progress(
            stack=self.target.identity,
            asked=self.asked,
            replay_id=name or new_id(),
            place=place,
            before=before,
            begins=place.filters.get("from"),
        )

    def _place(self, sqs: Any) -> tuple[Place, str]:
        """Return the beginning of what was asked for, and the moment at which it ends."""
        filters = {parameter: self.asked[option] for option, parameter in _PARAMETERS.items() if option in self.asked}
        if "--from" in self.asked:
            filters["from"] = written(parse_moment(self.asked["--from"]))
        if "--to" in self.asked:
            before = parse_moment(self.asked["--to"])
        else:
            answer = sqs.get_queue_attributes(QueueUrl=self.target.queue_url, AttributeNames=["QueueArn"])
            # The clock tells whole seconds, and what was accepted in this one is meant as well.
            before = clock_of(answer) + timedelta(seconds=1)
        filters |= {"to": written(before), "status": self.status.value}
        return Place(filters=filters), written(before)

    def _pages(self, api: Api) -> StoredPages:
        if self.rate is None:
            return StoredPages(api=api)
        return StoredPages(api=api, limit=max(1, min(PAGE_AT_MOST, int(self.rate * PAGE_SECONDS))))

    def _objects(self) -> PayloadObjects:
        return PayloadObjects(s3=self.target.client("s3"), bucket=self.target.payload_bucket)


def _left_out() -> Path:
    return ReplayFiles(folder=_FOLDER).left_out(new_id())


@contextmanager
def _counted(count: int, done: str) -> Iterator[Callable[[int], None]]:
    """Let the block tell how far it is, so that whoever is stopped inside it can say so."""

    def tell(so_far: int) -> None:
        nonlocal count
        count = so_far

    try:
        with stopped_by_signals(), told():
            yield tell
    except (OperatorError, KeyboardInterrupt) as error:
        why = str(error) if isinstance(error, OperatorError) else "Stopped."
        raise OperatorError(f"{why} {count:,} {done}; run the same command again to go on.") from None
