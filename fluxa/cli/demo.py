"""`fluxa demo`: the platform, more than two hundred events through it, and proof of where each ended."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.dev import Profile
from fluxa.errors import OperatorError
from fluxa.local.project import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from fluxa.demo.run import DemoResult
    from fluxa.local.platform import LocalPlatform

# A folder of its own: the demonstration starts clean each time and never touches the events of `fluxa dev`.
DEMO_STATE_DIR = DEFAULT_STATE_DIR / "demo"
DEMO_SETTINGS = {"processing.handlers": "fluxa/demo/handlers"}
"""The handlers that fail on purpose come in by the same door as a user's."""


_TABLE_WIDTH = 92
"""Columns that the table needs."""


class DemoFailed(OperatorError):
    """Not every event ended where it should have."""


def demo(
    state_dir: Annotated[
        Path, typer.Option(metavar="PATH", help="Where the demonstration runs; it is emptied first.")
    ] = DEMO_STATE_DIR,
    profile: Profile = None,
) -> None:
    """Run all of Fluxa, send more than two hundred events of every kind, show where each ended, and stop.

    Ordinary and large events, duplicates, one id used again for other content, and handlers that fail once or always.
    What became of them is read from the database and the dead-letter queue themselves.

    The last line on standard output is one JSON object. The exit code is 0 if every event ended where it should.

    **Example**

    * `fluxa demo | tail -1` — only the JSON object

    * `fluxa demo --profile prod` — with every resource that production has
    """
    from fluxa.cli.session import platform_session
    from fluxa.demo.report import table

    with platform_session(state_dir, DEMO_SETTINGS, profile=profile, reset=True) as platform:
        result = _run(platform)
    from rich.console import Console

    console = Console(highlight=False)
    # Piped into a file it has no width, and figures that are cut off are none.
    console.width = max(console.width, _TABLE_WIDTH)
    console.print(table(result))
    print(json.dumps(result.summary()), flush=True)
    if surprises := result.surprises():
        raise DemoFailed(f"The demonstration did not end as it should: {'; '.join(surprises)}.")


def _run(platform: "LocalPlatform") -> "DemoResult":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from fluxa.demo.evidence import EvidenceReader, counted_duplicates
    from fluxa.demo.run import run_demo
    from fluxa.local.deployment import STACK

    outputs = platform.outputs
    console = Console(file=sys.stderr)
    with Progress(TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), console=console) as bars:
        tasks: dict[str, object] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)  # type: ignore[arg-type]  # a TaskID is what add_task gave

        return run_demo(
            api_url=outputs.api_url,
            api_key=outputs.api_key,
            reader=lambda run: EvidenceReader(
                database_url=outputs.database_url,
                sqs=platform.emulator.client("sqs"),
                dead_letter_queue_url=outputs.dead_letter_queue_url,
                run=run,
            ),
            count_duplicates=lambda: counted_duplicates(platform.emulator.client("cloudwatch"), stack=STACK),
            progress=show,
        )
