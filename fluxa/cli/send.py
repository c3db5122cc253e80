"""`fluxa send`: a file of events, a JSON object a line, to the API."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.targets import STATE_DIR, Outputs, Stack, StateDir, target_of
from fluxa.errors import OperatorError

if TYPE_CHECKING:
    from fluxa.operate.progress_file import Progress
    from fluxa.operate.send import Report, Sender

SOME_REJECTED = 3
"""The exit code when everything was sent and not everything accepted."""

_STDIN = Path("-")
_STDIN_REJECTED = Path("stdin.rejected.jsonl")


def send(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Events, a JSON object a line; - is standard input.")],
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Requests at a time.")] = 4,
    compress: Annotated[bool, typer.Option("--gzip", help="Compress the requests: for a slow line.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Forget an earlier run; begin with line 1.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")] = False,
) -> None:
    """Send a file of events, in batches, however large it is.

    Stopped or killed in the middle, the same command goes on where it was: FILE.fluxa-resume says how far everything
    is acknowledged, and every line is the same event each time it is sent. A line without an event_id gets one, made
    of the file, the line's number and its content.

    Lines that are no events, and events that the API rejects, are listed in FILE.rejected.jsonl with line and reason;
    all others are sent nevertheless. Send corrected lines as a file of their own.

    **Examples**

    * `fluxa send orders.jsonl` — to the platform that runs on this machine

    * `fluxa send orders.jsonl -s prod --concurrency 8` — to a stack on AWS

    * `zcat orders.jsonl.gz | fluxa send -` — from a pipe; it cannot be resumed

    **Exit codes**

    * `0` — everything is accepted

    * `1` — not sent to its end; the same command goes on

    * `2` — the command line is wrong

    * `3` — everything was sent, and some of it rejected
    """
    target = target_of(stack, outputs, state_dir)
    from fluxa.operate.api import Api
    from fluxa.operate.send import Sender

    with Api(target, connections=concurrency) as api:
        sender = Sender(api=api, stack=target.identity, concurrency=concurrency, compress=compress)
        result = _send(sender, file, restart=restart)
    rejected_to = _STDIN_REJECTED if file == _STDIN else file.with_name(f"{file.name}.rejected.jsonl")
    if as_json:
        print(json.dumps({"lines": result.line, "accepted": result.accepted, "rejected": result.rejected}))
    else:
        print(f"{result.accepted:,} accepted, {result.rejected:,} rejected.")
    if result.rejected:
        print(f"{rejected_to} names each rejected line, and why.", file=sys.stderr)
        raise typer.Exit(SOME_REJECTED)


def _send(sender: "Sender", file: Path, *, restart: bool) -> "Progress":
    steps: list[Progress] = []
    with _shown(None if file == _STDIN else file) as show:

        def report(step: "Progress") -> None:
            steps.append(step)
            del steps[:-1]
            show(step)

        try:
            if file == _STDIN:
                return sender.send_stream(sys.stdin.buffer, _STDIN_REJECTED, report)
            return sender.send_file(file, report, restart=restart)
        except (OperatorError, KeyboardInterrupt) as error:
            why = str(error) if isinstance(error, OperatorError) else "Stopped."
            if not steps:
                raise OperatorError(why) from None
            on = "it cannot be resumed" if file == _STDIN else "run the same command again to go on"
            raise OperatorError(f"{why} {steps[-1].line:,} lines are acknowledged; {on}.") from None


@contextmanager
def _shown(file: Path | None) -> Iterator["Report"]:
    from fluxa.cli.progress import bar, plain_lines

    if not sys.stderr.isatty():
        yield plain_lines()
        return
    size = file.stat().st_size if file is not None and file.is_file() else None
    with bar(size) as show:
        yield show
