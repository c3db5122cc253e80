"""`fluxa erase`: all events of one user, gone for good, and a receipt."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.targets import STATE_DIR, Outputs, Stack, StateDir, target_of
from fluxa.errors import OperatorError

if TYPE_CHECKING:
    from fluxa.operate.erase import Receipt

_COUNTED = {
    "events": "events",
    "keys": "records by event id",
    "payload_objects": "payloads in S3",
    "dead_letters": "dead letters",
}


def erase(
    user_id: Annotated[str, typer.Argument(metavar="USER_ID", help="The user_id that the events carry.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE", help="Write the receipt there as JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as one line of JSON.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """Erase all events of one user: from the database, the payload bucket and the dead letters. It cannot be undone.

    Events that were accepted until now are meant. One that is under way at this moment is erased within an hour of
    being stored. What handlers of yours wrote into tables of their own stays: docs/howto/erase.md says what to do.

    Killed in the middle, the stack goes on by itself, and so does the same command.

    **Examples**

    * `fluxa erase u1` — asks before it does

    * `fluxa erase u1 --yes --receipt erased.json -s prod` — for a script, with the receipt in a file

    **Exit codes**

    * `0` — nothing of the user is left, also when there never was anything

    * `1` — it was not begun, or the API could not be reached any more

    * `2` — the command line is wrong

    * `3` — it is not finished, and the stack goes on with it
    """
    if not user_id:
        raise typer.BadParameter("USER_ID is empty.")
    target = target_of(stack, outputs, state_dir)
    if not yes:
        typer.confirm(f"Erase all events of {user_id} from {target.name} for good?", abort=True)
    from fluxa.operate.api import Api
    from fluxa.operate.erase import Erasing

    with Api(target) as api:
        done = Erasing(api=api).run(user_id, _report)
    if receipt is not None:
        _write(done, receipt)
    print(json.dumps(done) if as_json else _words(done))


def _report(receipt: "Receipt") -> None:
    erased = receipt["erased"]
    print(f"{receipt['erasure_id']}: {erased['events']:,} events erased so far.", file=sys.stderr, flush=True)


def _words(receipt: "Receipt") -> str:
    counts = ", ".join(f"{receipt['erased'][name]:,} {words}" for name, words in _COUNTED.items())
    return (
        f"Erased: {counts}.\nErasure {receipt['erasure_id']}, completed at {receipt['completed_at']}; "
        f"what comes late is erased until {receipt['watched_until']}."
    )


def _write(receipt: "Receipt", path: Path) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{json.dumps(receipt, indent=2)}\n")
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written ({error.strerror}), but everything is erased; "
            f"GET /erasures/{receipt['erasure_id']} shows the receipt."
        ) from None
