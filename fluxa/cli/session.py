"""A platform for as long as a command runs: its steps are shown, and signals end it in good order."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxa.cli.stopping import PATIENCE_WHILE_UP_SECONDS, Stopping, StopRequested, leave
from fluxa.local.project import PROJECT_DIR

if TYPE_CHECKING:
    from fluxa.local.platform import LocalPlatform
    from fluxa.local.steps import Steps


@contextmanager
def platform_session(
    state_dir: Path, overrides: Mapping[str, Any], *, profile: str | None = None, reset: bool = False
) -> Iterator["LocalPlatform"]:
    """Start a platform, hand it to the block, and stop it whatever happens.

    Raises:
        StopRequested: A signal asked for the end while the platform was up; by then everything has stopped.
        OperatorError: What the operator can put right.
    """
    from fluxa.local.platform import LocalPlatform, stop_everything
    from fluxa.local.processes import kill_descendants
    from fluxa.local.published import published

    # The program runs with another working directory.
    state_dir = state_dir.resolve()

    def force() -> None:
        kill_descendants()
        stop_everything(state_dir)

    stopping = Stopping(force)
    ready = False
    try:
        with stopping.on_signals(), ExitStack() as up:
            with _shown_steps() as steps:
                platform = up.enter_context(
                    LocalPlatform(PROJECT_DIR, state_dir, overrides, profile=profile, report=steps, reset=reset)
                )
            stopping.patience_seconds = PATIENCE_WHILE_UP_SECONDS
            ready = True
            up.enter_context(published(state_dir, platform.outputs.document()))
            yield platform
    except StopRequested:
        if not ready and stopping.received:
            # An installation or a call of the deployment may still be under way in some thread.
            force()
            print("Stopped before it was ready.", file=sys.stderr)
            leave(128 + stopping.received)
        raise


@contextmanager
def _shown_steps() -> Iterator["Steps"]:
    from fluxa.local.steps import PlainSteps, TerminalSteps

    if not sys.stderr.isatty():
        yield PlainSteps()
        return
    with TerminalSteps() as steps:
        yield steps
