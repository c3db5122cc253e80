"""The folder where a platform remembers things, `.fluxa/` by default, and the lock that gives it to one platform.

What is in it:
    platform.lock       held while a platform runs; says which process holds it
    postgres/           the database's data; beside it `.password` (mode 0600), `.port`, `.log`
    emulator/           queue messages and payload objects, the emulator's log and port, its temporary files
    stack/              what the deployment remembers: generated passwords
    emulator-env/       the emulator's Python environment; belongs to the clone, not to a platform
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from fluxa.errors import OperatorError

LOCK = "platform.lock"

_OWNED = ("postgres", "postgres.*", "emulator", "stack")
"""What `--reset` removes. A list, not everything: the folder may be one that the operator named by mistake."""


def postgres_dir(state_dir: Path) -> Path:
    """Return where the database's data belongs."""
    return state_dir / "postgres"


def stack_dir(state_dir: Path) -> Path:
    """Return where the deployment keeps what it generated."""
    return state_dir / "stack"


@contextmanager
def claimed(state_dir: Path) -> Iterator[None]:
    """Hold the state folder for one platform; made when it is not there yet.

    The lock is the system's: it ends with the process, however that ends, so it is never stale.

    Raises:
        OperatorError: another platform holds it, or it cannot be written.
    """
    with _open(state_dir) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OperatorError(_held_by(lock, state_dir)) from None
        lock.truncate(0)
        json.dump({"pid": os.getpid(), "since": time.strftime("%H:%M")}, lock)
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def reset(state_dir: Path) -> None:
    """Forget every event: remove what a platform keeps, and nothing else. No platform may be running."""
    for pattern in _OWNED:
        for found in state_dir.glob(pattern):
            if found.is_dir() and not found.is_symlink():
                shutil.rmtree(found)
            else:
                found.unlink()


def _open(state_dir: Path) -> TextIO:
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        # Nothing in it is for the repository, wherever the folder is.
        (state_dir / ".gitignore").write_text("*\n", encoding="utf-8")
        return (state_dir / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise OperatorError(
            f"Cannot write in {state_dir} ({error.strerror}): make it writable, or name another one with --state-dir."
        ) from error


def _held_by(lock: TextIO, state_dir: Path) -> str:
    advice = "stop it, or name another folder with --state-dir to run a second one"
    lock.seek(0)
    try:
        holder = json.load(lock)
        return (
            f"A platform is already running in {state_dir}, process {holder['pid']} since {holder['since']}: {advice}."
        )
    except (ValueError, KeyError, TypeError):
        return f"A platform is already running in {state_dir}: {advice}."
