"""`fluxa events`: what is stored, or what comes in."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxa.cli.moment import From, To
from fluxa.cli.targets import STATE_DIR, Outputs, Stack, StateDir, target_of

if TYPE_CHECKING:
    from fluxa.operate.events import Event

_COLUMNS = ("received_at", "status", "type", "event_id", "source", "user_id", "payload_bytes", "attempts")
_WIDTHS = (27, 13, 24, 36, 16, 16, 13, 8)
"""While following, columns cannot wait to see how wide the rest will be."""


def events(
    type: Annotated[str | None, typer.Option(help="Of this type.")] = None,
    user: Annotated[str | None, typer.Option(help="Of this user_id.")] = None,
    source: Annotated[str | None, typer.Option(help="From this source.")] = None,
    status: Annotated[
        str | None, typer.Option(help="completed, failed or dead_lettered.", show_default="completed")
    ] = None,
    correlation_id: Annotated[str | None, typer.Option(help="Accepted under this correlation id.")] = None,
    received_from: From = None,
    received_before: To = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with every new one until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """List events, newest first; with --follow, oldest first, and every new one as it is stored.

    **Examples**

    * `fluxa events --type order.created --limit 5` — the newest five

    * `fluxa events --status dead_lettered --from 6h` — what was given up in the last six hours

    * `fluxa events --follow --user u1 -s prod` — what comes in about a user

    * `fluxa events --limit 100000 --json > events.jsonl` — for other programs

    **Exit codes**

    * `0` — also when nothing matches

    * `1` — the API refused, or could not be reached

    * `2` — the command line is wrong
    """
    target = target_of(stack, outputs, state_dir)
    from fluxa.operate.api import Api
    from fluxa.operate.events import EventFeed

    given = {
        "type": type,
        "user_id": user,
        "source": source,
        "status": status,
        "correlation_id": correlation_id,
        "from": received_from,
        "to": received_before,
    }
    filters = {name: value for name, value in given.items() if value is not None}
    with Api(target) as api:
        feed = EventFeed(api=api)
        if follow:
            _follow(feed.follow(filters, limit=limit), as_json=as_json)
        else:
            _print(feed.newest(filters, limit=limit), as_json=as_json)


def _print(found: "Iterable[Event]", *, as_json: bool) -> None:
    from fluxa.cli.tables import print_table

    if as_json:
        for event in found:
            print(json.dumps(event))
        return
    print_table(_COLUMNS, ([event.get(column) for column in _COLUMNS] for event in found))


def _follow(found: "Iterable[Event]", *, as_json: bool) -> None:
    def line(values: Iterable[Any]) -> str:
        cells = ("" if value is None else str(value) for value in values)
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()

    try:
        if not as_json:
            print(line(_COLUMNS), flush=True)
        for event in found:
            print(json.dumps(event) if as_json else line(event.get(column) for column in _COLUMNS), flush=True)
    except KeyboardInterrupt:
        # The way to end it, so no failure.
        return
