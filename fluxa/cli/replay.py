"""`fluxa replay`: events that are stored, or that failed, handled once more."""

from typing import Annotated

import typer

from fluxa.cli.moment import FromAsTyped, ToAsTyped
from fluxa.cli.targets import STATE_DIR, Outputs, Stack, StateDir, target_of
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier
from functions.common.names import EventStatus
from functions.common.replay import REDRIVE_PREFIX

SOME_LEFT = 3
"""The exit code when some of the events could not be replayed, or not yet."""


def _name(text: str | None) -> str | None:
    if text is not None and not is_identifier(text):
        raise typer.BadParameter(f"{text!r} is none: a name has {IDENTIFIER_RULE}.")
    if text is not None and text.startswith(REDRIVE_PREFIX):
        raise typer.BadParameter(f"{text!r} is none: names that begin with {REDRIVE_PREFIX} are those of redrives.")
    return text


def replay(
    received_from: FromAsTyped = None,
    received_before: ToAsTyped = None,
    type: Annotated[str | None, typer.Option(help="Of this type.")] = None,
    user: Annotated[str | None, typer.Option(help="Of this user_id.")] = None,
    source: Annotated[str | None, typer.Option(help="From this source.")] = None,
    correlation_id: Annotated[str | None, typer.Option(help="Accepted under this correlation id.")] = None,
    status: Annotated[EventStatus, typer.Option(help="Of this status.")] = EventStatus.COMPLETED,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count, by type and by where payloads lie.")] = False,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Events a second.", show_default="no limit")] = None,
    restore: Annotated[
        int | None,
        typer.Option("--restore", metavar="DAYS", min=1, help="Have S3 fetch archived payloads, for so many days."),
    ] = None,
    leave_out_missing: Annotated[
        bool, typer.Option("--leave-out-missing", help="Go on without events whose payload is gone, and list them.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(callback=_name, help="Of this replay.", show_default="a new one each time")
    ] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget a replay that was stopped; begin anew.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """Have events handled once more: all, or those that match every filter, the oldest first.

    Of an event that is stored, only those handlers run again that say `@on(…, replay=True)`. So nothing is asked before
    sending. Within one replay no event is handled twice, however often it is sent; under the --name of an earlier
    replay, only what that one left.

    Stopped or killed in the middle, the same command goes on where it was: fluxa-replay.resume.json, or
    fluxa-replay-NAME.resume.json, in the current folder says how far everything is sent.

    With --status dead_lettered or failed, the dead letters of these events are redriven as by `fluxa dlq redrive`:
    they are not stored yet, and all of their handlers run.

    **Examples**

    * `fluxa replay --type order.created --from 7d --dry-run` — how many there are, and where their payloads lie

    * `fluxa replay --type order.created --from 7d --rate 50` — leaving room for events that come in

    * `fluxa replay --to 2026-06-01T00:00:00Z --restore 3 -s prod` — archived payloads as well

    * `fluxa replay --status dead_lettered --user u1` — what failed of one user, once the cause is gone

    **Exit codes**

    * `0` — all are sent

    * `1` — not to the end; the same command goes on

    * `2` — the command line is wrong

    * `3` — some could not be sent: their payload is gone or still archived, or their dead letter is gone
    """
    stored = status is EventStatus.COMPLETED
    if not stored and (restore is not None or leave_out_missing or name is not None or restart):
        only = "--restore, --leave-out-missing, --name and --restart"
        raise typer.BadParameter(f"{only} are for events that are stored: leave them out with --status {status}.")
    given = {"--type": type, "--user": user, "--source": source, "--correlation-id": correlation_id}
    given |= {"--from": received_from, "--to": received_before}
    asked = {option: value for option, value in given.items() if value is not None}
    from fluxa.cli.replay_runs import ReplayRun

    run = ReplayRun(target=target_of(stack, outputs, state_dir), asked=asked, status=status, rate=rate, as_json=as_json)
    if not stored:
        complete = run.replay_dead_letters(dry_run=dry_run)
    elif dry_run:
        complete = run.rehearse()
    else:
        complete = run.replay(name, restart=restart, restore_days=restore, leave_out_missing=leave_out_missing)
    if not complete:
        raise typer.Exit(SOME_LEFT)
