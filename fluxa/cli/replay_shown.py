"""What `fluxa replay` shows: how far it is, and what became of the events."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fluxa.cli.dlq_shown import print_tally
from fluxa.operate.listed_file import ListedFile
from fluxa.operate.payload_objects import WAIT_IN_WORDS, ObjectState
from functions.common.names import EventStatus

if TYPE_CHECKING:
    from fluxa.operate.rehearsal import Rehearsal
    from fluxa.operate.replay import Result
    from fluxa.operate.replay_dead_letters import DeadLettersReplayed
    from fluxa.operate.replay_progress import Report, Step

_IDS_SHOWN = 10
"""More are in a file, where nobody has to scroll."""


@contextmanager
def shown(done: str, *, count: int = 0) -> Iterator["Report"]:
    """Show how far a replay is: a bar for a person, a line now and then for a log.

    Args:
        done: What happens to the events.
        count: What an earlier run did; this one's speed is counted from there.
    """
    from fluxa.cli.progress import moving, now_and_then

    began = time.monotonic()

    def words(step: "Step") -> str:
        speed = (step.count - count) / max(time.monotonic() - began, 1e-3)
        restoring = f", {step.restoring:,} wait for S3" if step.restoring else ""
        # A second is as near as a person wants to know it.
        return f"{step.count:,} {done}{restoring}, {speed:,.0f}/s, {step.reached[:19]}Z"

    if not sys.stderr.isatty():
        say = now_and_then()
        yield lambda step: say(words(step))
        return
    with moving(done, total=1.0) as move:
        yield lambda step: move(step.fraction, words(step))


def print_result(result: "Result", left_out: Path, *, as_json: bool) -> None:
    """Print what a replay of stored events did."""
    progress = result.progress
    if as_json:
        counts = {"sent": progress.sent, "left_out": progress.left_out, "restoring": result.restoring}
        print(json.dumps({"dry_run": False, "replay_id": progress.replay_id, **counts}))
    else:
        print(f"{progress.sent:,} sent in the replay {progress.replay_id}.")
    if progress.left_out:
        print(f"{progress.left_out:,} left out, because their payload is gone: {left_out} names them.", file=sys.stderr)
    if result.restoring:
        print(
            f"S3 is fetching the payloads of {result.restoring:,} events, which takes {WAIT_IN_WORDS}: "
            "run the same command again then to go on.",
            file=sys.stderr,
        )


def print_rehearsal(counted: "Rehearsal", *, as_json: bool) -> None:
    """Print what a replay of stored events would send."""
    if as_json:
        payloads = {"inline": counted.inline} | {state.value: counted.payloads[state] for state in ObjectState}
        types = dict(counted.types.most_common())
        print(json.dumps({"dry_run": True, "events": counted.events, "types": types, "payloads": payloads}))
        return
    _print_types(counted.types)
    offloaded = sum(counted.payloads.values())
    print(f"Payloads: {counted.inline:,} in the table, {offloaded:,} in S3.")
    for state, what in (
        (ObjectState.ARCHIVED, "archived: --restore DAYS has S3 fetch them"),
        (ObjectState.RESTORING, "archived, and S3 is fetching them"),
        (ObjectState.MISSING, "gone from S3: they can only be left out, with --leave-out-missing"),
    ):
        if counted.payloads[state]:
            print(f"{counted.payloads[state]:,} {what}.")


def print_dead_letters(done: "DeadLettersReplayed", *, dry_run: bool, as_json: bool) -> None:
    """Print what became of the dead letters of the events that were meant."""
    if as_json:
        counts = {name: getattr(done.tally, name) for name in ("moved", "refused", "doubled", "returned")}
        types = dict(done.types.most_common())
        events = {"events": done.types.total(), "types": types, "without_dead_letter": len(done.elsewhere)}
        print(json.dumps({"dry_run": dry_run, **events, **counts}))
        return
    if dry_run:
        _print_types(done.types)
    print_tally(done.tally, dry_run=dry_run, as_json=False)


def print_elsewhere(done: "DeadLettersReplayed", status: EventStatus, listed: Path | None) -> None:
    """Say what is known of the events that have no dead letter.

    Args:
        listed: The file that names them all, if there is one.
    """
    count = len(done.elsewhere)
    if not count:
        return
    if status is EventStatus.FAILED:
        print(f"{count:,} have no dead letter: they are on the main queue, and tried by themselves.", file=sys.stderr)
        return
    named = ", ".join(done.elsewhere[:_IDS_SHOWN]) + (f" and {count - _IDS_SHOWN:,} more" * (count > _IDS_SHOWN))
    where = "" if listed is None else f" {listed} names them all."
    print(
        f"{count:,} have no dead letter: it was dropped or has expired, or was redriven a moment ago: {named}.{where}",
        file=sys.stderr,
    )
    if done.tally.hidden:
        print(
            f"About {done.tally.hidden:,} dead letters are hidden, because someone is looking at them: theirs may be "
            "among them, so try again in a minute.",
            file=sys.stderr,
        )


def list_elsewhere(done: "DeadLettersReplayed", path: Path) -> Path | None:
    """Write the ids of more events than anybody would read here to a file, and return it."""
    if len(done.elsewhere) <= _IDS_SHOWN:
        return None
    ListedFile(path).append({"event_id": event_id, "reason": "It has no dead letter."} for event_id in done.elsewhere)
    return path


def _print_types(types: Counter[str]) -> None:
    from fluxa.cli.tables import print_table

    if types:
        print_table(("type", "events"), [(name, f"{count:,}") for name, count in types.most_common()])
    print(f"{types.total():,} events.")
