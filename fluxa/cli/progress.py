"""How far a long command is: a moving bar for a person, a line now and then for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from fluxa.operate.progress_file import Progress
    from fluxa.operate.send import Report

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def moving(what: str, *columns: "ProgressColumn", total: float | None) -> Iterator[Callable[[float, str], None]]:
    """Show a bar; the block is given what moves it and says in words how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    # Not markup: what events bring may look like it.
    words = TextColumn("{task.description}", markup=False)
    with Bars(words, BarColumn(), *columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=total)
        yield lambda completed, description: bars.update(task, completed=completed, description=description)


def now_and_then(seconds_between: float = _SECONDS_BETWEEN_LINES) -> Callable[[str], None]:
    """Return what prints a line when there was none for some time."""
    last = time.monotonic()

    def say(line: str) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds_between:
            last = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    return say


@contextmanager
def bar(size: int | None) -> Iterator["Report"]:
    """Show a bar over the bytes of the file that is sent; without a size, only what has been."""
    from rich.progress import DownloadColumn

    with moving("sending", DownloadColumn(), total=size) as move:
        yield lambda step: move(step.offset, _words(step))


def plain_lines(seconds_between: float = _SECONDS_BETWEEN_LINES) -> "Report":
    """Return what prints a line when there was none for some time, and one when an earlier run goes on."""
    say = now_and_then(seconds_between)
    first = True

    def show(step: "Progress") -> None:
        nonlocal first
        if first and step.line:
            print(f"Going on behind line {step.line:,}.", file=sys.stderr, flush=True)
        first = False
        say(_words(step))

    return show


def _words(step: "Progress") -> str:
    rejected = f", {step.rejected:,} rejected" if step.rejected else ""
    return f"line {step.line:,}{rejected}"
