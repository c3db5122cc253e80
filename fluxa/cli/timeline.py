"""`fluxa timeline`: what happened to one event."""

import json
import sys
from typing import Annotated, Any

import typer

from fluxa.cli.targets import STATE_DIR, Outputs, Stack, StateDir, target_of


def timeline(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="As POST /events answered it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's answer as one line of JSON.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """Show what happened to one event, oldest first: accepted, queued, each failure, parked, replayed, processed.

    Only what was written down is shown, so an event from before there were timelines has gaps.
    For the logs beside it there is `fluxa trace`.

    **Examples**

    * `fluxa timeline order-1001-created`

    * `fluxa timeline order-1001-created -s prod --json | jq -r '.entries[-1].kind'` — how it ended

    **Exit codes**

    * `0` — the event is known

    * `1` — it is not, or not yet; or the API could not be reached

    * `2` — the command line is wrong
    """
    from fluxa.operate.api import Api
    from fluxa.operate.timeline import read_timeline

    target = target_of(stack, outputs, state_dir)
    with Api(target) as api:
        found = read_timeline(api, event_id)
    if as_json:
        print(json.dumps(found))
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    from fluxa.cli.tables import print_table

    earlier = found["earlier_attempts"]
    if earlier is None:
        print("Retention has removed the record of its attempts.", file=sys.stderr)
    elif earlier:
        print(f"{earlier:,} earlier attempts are not shown: the last twenty failures are kept.", file=sys.stderr)
    print_table(
        ("time", "what", "details"),
        ([entry["at"], entry["kind"], _words(entry)] for entry in found["entries"]),
    )


def _words(entry: dict[str, Any]) -> str:
    return "  ".join(f"{name}={value}" for name, value in entry.items() if name not in {"at", "kind"})
