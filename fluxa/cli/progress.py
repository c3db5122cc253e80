"""How far `fluxa send` is: a moving bar for a person, a line now and then for a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fluxa.operate.progress_file import Progress
    from fluxa.operate.send import Report

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def bar(size: int | None) -> Iterator["Report"]:
    """Show a bar over the file's bytes; without a size, only what has been sent."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("sending", total=size)

        def show(step: "Progress") -> None:
            bars.update(task, completed=step.offset, description=_words(step))

        yield show


def plain_lines(seconds_between: float = _SECONDS_BETWEEN_LINES) -> "Report":
    """Return what prints a line when there was none for some time, and one when an earlier run goes on."""
    last = time.monotonic()
    first = True

    def show(step: "Progress") -> None:
        nonlocal last, first
        if first and step.line:
            print(f"Going on behind line {step.line:,}.", file=sys.stderr, flush=True)
        first = False
        if time.monotonic() - last >= seconds_between:
            last = time.monotonic()
            print(_words(step), file=sys.stderr, flush=True)

    return show


def _words(step: "Progress") -> str:
    rejected = f", {step.rejected:,} rejected" if step.rejected else ""
    return f"line {step.line:,}{rejected}"
