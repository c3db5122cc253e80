"""`fluxa dlq`: look into the dead-letter queue, send messages back to work, or drop them."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.dlq_shown import attempts_of, print_letters, print_tally, reporter
from fluxa.cli.targets import STATE_DIR, Outputs, Stack, StateDir, target_of
from fluxa.errors import OperatorError

if TYPE_CHECKING:
    from fluxa.operate.dead_letters import Selection

SOME_LEFT = 3
"""The exit code when something that was meant is still in the queue."""

Reason = Annotated[str | None, typer.Option(help="With this reason; none for those that SQS gave up by itself.")]
Type = Annotated[str | None, typer.Option(help="Events of this type.")]
Ids = Annotated[
    list[str] | None, typer.Option("--event-id", metavar="ID", help="This event, or message; may be repeated.")
]

dlq = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""Look into the dead-letter queue, send messages back to work, or drop them.

    Messages that someone looks at are hidden from others for as long as the command runs.

    **Examples**

    * `fluxa dlq list -s prod` — what is there, and why

    * `fluxa dlq redrive --reason out_of_stock` — once the cause is gone
    """,
)


@dlq.command("list")
def list_(
    reason: Reason = None,
    type: Type = None,
    limit: Annotated[int, typer.Option(min=1, help="Messages to show.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print each message as a line of JSON.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """List dead letters without consuming them: reason, event, type, age, attempts.

    A message that no version of ingest wrote, or a newer one, is marked foreign.

    **Examples**

    * `fluxa dlq list --reason none` — those that failed for a passing reason too often

    * `fluxa dlq list --json --limit 10000 | jq -r .reason | sort | uniq -c`

    **Exit codes**: `0`, also when there is none; `1` the stack could not be asked; `2` the command line is wrong.
    """
    from fluxa.operate.aws_errors import told
    from fluxa.operate.dead_letter_queue import Walk, first
    from fluxa.operate.dead_letters import Selection

    target = target_of(stack, outputs, state_dir)
    selection = Selection(reason=reason, type=type)
    with told(), Walk(target.client("sqs"), target.dead_letter_queue_url) as walk:
        letters = first(walk, selection.matches, limit)
        waiting, hidden = walk.waiting, walk.hidden
    print_letters(letters, attempts_of(letters, target), as_json=as_json)
    print(f"{len(letters):,} shown of about {waiting:,}.", file=sys.stderr)
    if hidden:
        print(f"About {hidden:,} more are hidden, because someone is looking at them.", file=sys.stderr)


@dlq.command()
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="Of the event or of the message.")],
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """Show one dead letter as JSON, its payload to the letter.

    **Example**

    * `fluxa dlq show order-1001-created`

    **Exit codes**: `0`; `1` it is not there; `2` the command line is wrong.
    """
    from fluxa.operate.aws_errors import told
    from fluxa.operate.dead_letter_payload import payload_of
    from fluxa.operate.dead_letter_queue import Walk, first
    from fluxa.operate.dead_letters import Selection

    target = target_of(stack, outputs, state_dir)
    with told(), Walk(target.client("sqs"), target.dead_letter_queue_url) as walk:
        found = first(walk, Selection(ids=frozenset({id})).matches, 1)
        hidden = walk.hidden
    if not found:
        more = f" About {hidden:,} messages are hidden at the moment: try again in a minute." if hidden else ""
        raise OperatorError(f"There is no dead letter of {id} in {target.name}.{more}")
    (letter,) = found
    with told():
        payload, trouble = payload_of(letter, target.client("s3"), target.payload_bucket)
    document = letter.document() | ({"body": letter.body} if letter.is_foreign else {})
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Put in as it is: reading and writing it again would change the spelling of numbers.
    print(text if payload is None else f'{text[:-2]},\n  "payload": {payload}\n}}')
    if trouble:
        print(trouble, file=sys.stderr)


@dlq.command()
def redrive(
    reason: Reason = None,
    type: Type = None,
    event_ids: Ids = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count, by reason.")] = False,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Messages a second.", show_default="no limit")] = None,
    force: Annotated[bool, typer.Option("--force", help="Foreign messages as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """Send dead letters back to the main queue: all, or those that match every filter.

    Each is sent first and deleted afterwards, and an event that is stored already is recognised: redriving twice, or
    killed in the middle, loses and doubles nothing. What fails again comes back, and is left for the next run.

    **Examples**

    * `fluxa dlq redrive --dry-run` — how many there are, by reason

    * `fluxa dlq redrive --type order.created --rate 20` — slowly, once their handler is repaired

    * `fluxa dlq redrive --event-id order-1001-created`

    **Exit codes**

    * `0` — everything that was meant is on the main queue

    * `1` — the stack could not be asked, or not to the end

    * `2` — the command line is wrong

    * `3` — some are left: foreign ones, or SQS did not take them
    """
    from fluxa.operate.aws_errors import told
    from fluxa.operate.redrive import Redriver

    target = target_of(stack, outputs, state_dir)
    with told():
        redriver = Redriver(
            sqs=target.client("sqs"),
            dead_letter_queue_url=target.dead_letter_queue_url,
            queue_url=target.queue_url,
            selection=_selection(reason, type, event_ids),
            force=force,
            rate=rate,
        )
        tally = redriver.redrive(reporter("redriven"), dry_run=dry_run)
    print_tally(tally, dry_run=dry_run, as_json=as_json)
    if not tally.is_complete:
        raise typer.Exit(SOME_LEFT)


@dlq.command()
def drop(
    reason: Reason = None,
    type: Type = None,
    event_ids: Ids = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep", metavar="FILE", help="Where they are written first.", show_default="dead-letters-<time>.jsonl"
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """Delete dead letters, all or those that match every filter, after writing them to a file.

    **Examples**

    * `fluxa dlq drop --reason event_id_reused` — asks before it does

    * `fluxa dlq drop --event-id order-1001-created --yes --keep dropped.jsonl`

    **Exit codes**: `0`, also when there is none; `1` it was not done, or not to the end; `2` the command line is wrong.
    """
    from fluxa.operate import drop as dropping
    from fluxa.operate.aws_errors import told

    target = target_of(stack, outputs, state_dir)
    selection = _selection(reason, type, event_ids)
    path = keep or Path(f"dead-letters-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    with told():
        sqs = target.client("sqs")
        if not yes:
            count = dropping.count(sqs, target.dead_letter_queue_url, selection)
            if not count:
                print("There is nothing to drop.")
                return
            typer.confirm(f"Drop {count:,} messages of {target.name} and keep them in {path} only?", abort=True)
        dropped = dropping.drop(sqs, target.dead_letter_queue_url, selection, path, reporter("dropped"))
    print(f"{dropped:,} dropped; {path} holds them." if dropped else "There was nothing to drop.")


def _selection(reason: str | None, type_: str | None, ids: list[str] | None) -> "Selection":
    from fluxa.operate.dead_letters import Selection

    return Selection(reason=reason, type=type_, ids=frozenset(ids or ()))
