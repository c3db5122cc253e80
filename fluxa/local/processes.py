"""Which processes belong to a platform, and how to be rid of them; a process id alone never decides.

After `kill -9` of `fluxa dev` its services live on, and by the next start their process ids may be somebody else's.
So a process is recognised by what only ours can have: the folder it works in, or a variable it was started with.
"""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_POLL_SECONDS = 0.02


def working_in(folder: Path, *, program: str) -> list[psutil.Process]:
    """Return the processes of `program` whose working directory is exactly `folder`."""
    return _matching(lambda process: process.name() == program and process.cwd() == str(folder))


def started_with(variable: str, value: str) -> list[psutil.Process]:
    """Return the processes that were started with this variable in their environment; children inherit it."""
    return _matching(lambda process: process.environ().get(variable) == value)


def heads(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return those that no other of them has started."""
    family = {process.pid for process in processes}
    found = []
    for process in processes:
        with suppress(psutil.Error):
            if process.ppid() not in family:
                found.append(process)
    return found


def send(processes: Sequence[psutil.Process], what: signal.Signals) -> None:
    """Signal each process that is still there."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(what)


def wait_until_gone(processes: Sequence[psutil.Process], seconds: float) -> bool:
    """Wait until none of the processes runs; False when some still do after `seconds`.

    A zombie counts as gone: it holds nothing, and in a container there may be nobody to collect it.
    """
    deadline = time.monotonic() + seconds
    while any(map(_runs, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def kill_descendants() -> None:
    """Kill every process that this one has started, directly or not: for leaving in the middle of a start."""
    children = psutil.Process().children(recursive=True)
    send(children, signal.SIGKILL)
    wait_until_gone(children, 1.0)


def _matching(belongs: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        # Processes end while we look, and other users' answer with a refusal: neither is ours.
        with suppress(psutil.Error):
            if _runs(process) and belongs(process):
                found.append(process)
    return found


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
