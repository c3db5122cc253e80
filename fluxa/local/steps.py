"""What the operator sees while a platform starts: each step when it is done, and how long it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, Self, TextIO


class Steps(Protocol):
    """Is told about steps; several may be under way at once, in several threads."""

    def step(self, title: str) -> AbstractContextManager[None]:
        """Surround a step, named by what it brings about."""
        ...


class NoSteps:
    """Shows nothing: for platforms that tests start."""

    def step(self, title: str) -> AbstractContextManager[None]:  # noqa: ARG002 - nothing is shown
        return nullcontext()


class PlainSteps:
    """One line for each finished step, for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        started = time.monotonic()
        outcome = "FAILED"
        try:
            yield
            outcome = "ok"
        finally:
            print(f"{title:<40} {outcome:>6} {time.monotonic() - started:6.1f} s", file=self._stream, flush=True)


class TerminalSteps:
    """Moving lines for a person at a terminal: what is under way turns, what is done is ticked off."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn

        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/green]"),
            TextColumn("{task.description}"),
            TextColumn("[dim]{task.elapsed:.1f} s[/dim]"),
            console=Console(stderr=True),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        task = self._progress.add_task(title, total=1)
        try:
            yield
        except BaseException:
            self._progress.update(task, description=f"[red]{title}: failed[/red]")
            raise
        else:
            self._progress.update(task, completed=1)
        finally:
            # Its clock would go on otherwise.
            self._progress.stop_task(task)
