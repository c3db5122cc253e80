"""What `fluxa dlq` shows: dead letters, and what became of them."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fluxa.cli.progress import now_and_then
from fluxa.errors import OperatorError

if TYPE_CHECKING:
    from fluxa.operate.dead_letters import DeadLetter
    from fluxa.operate.redrive import Tally
    from fluxa.operate.target import Target


def reporter(done: str) -> Callable[[int], None]:
    """Return what prints a count when there was none for some time."""
    line = now_and_then()
    return lambda count: line(f"{count:,} {done} so far")


def attempts_of(letters: "list[DeadLetter]", target: "Target") -> dict[str, int]:
    """Return how often each event was tried, as far as the database knows: a queue counts every look at a message."""
    from concurrent.futures import ThreadPoolExecutor

    from fluxa.operate.api import Api, Patience

    ids = sorted({letter.event_id for letter in letters if letter.event_id is not None})
    # The list is worth showing without it.
    with Api(target, connections=8, patience=Patience(attempts=2)) as api, ThreadPoolExecutor(8) as workers:

        def attempts(event_id: str) -> int | None:
            try:
                event = api.find(f"/events/{event_id}")
            except OperatorError:
                return None
            return None if event is None else event["attempts"]

        found = zip(ids, workers.map(attempts, ids), strict=True)
        return {event_id: count for event_id, count in found if count is not None}


def print_letters(letters: "list[DeadLetter]", attempts: dict[str, int], *, as_json: bool) -> None:
    """Print dead letters, as a table or as lines of JSON."""
    from fluxa.cli.tables import print_table

    if as_json:
        for letter in letters:
            print(json.dumps(letter.document() | {"attempts": attempts.get(letter.event_id or "")}))
        return
    rows: list[list[Any]] = [
        [
            letter.reason,
            letter.message_id if letter.is_foreign else letter.event_id,
            "(foreign)" if letter.is_foreign else letter.type,
            _age(letter),
            attempts.get(letter.event_id or ""),
            letter.error,
        ]
        for letter in letters
    ]
    print_table(("reason", "event_id", "type", "age", "attempts", "error"), rows)


def _age(letter: "DeadLetter") -> str:
    seconds = max(0, round((datetime.now(UTC) - letter.sent_at).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def print_tally(tally: "Tally", *, dry_run: bool, as_json: bool) -> None:
    """Print what a redrive did."""
    if as_json:
        counts = {name: getattr(tally, name) for name in ("moved", "foreign", "refused", "doubled", "returned")}
        print(json.dumps({"dry_run": dry_run, **counts, "reasons": dict(tally.reasons)}))
        return
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.reasons.most_common())
    done = "would be redriven" if dry_run else "redriven"
    print(f"{tally.moved:,} {done}{f': {reasons}' if reasons else ''}.")
    for count, what in (
        (tally.foreign, "left: they are not ours; look at them with `fluxa dlq list`, --force takes them too"),
        (tally.refused, "left: SQS did not take them"),
        (tally.doubled, "sent, but still here: they will be recognised when they are redriven again"),
        (tally.returned, "left: they failed again meanwhile"),
    ):
        if count:
            print(f"{count:,} {what}.", file=sys.stderr)
