"""Work that takes long and is the same for every worker of a test run: done once, by whoever needs it first."""

import fcntl
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any


class SharedWork:
    """Results by name, in a folder that the run's processes have in common, and in this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._known: dict[str, Any] = {}

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """Return the result of `work`, or what another process got for it; one that is at it is waited for."""
        if name not in self._known:
            with (self._folder / f"{name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._known[name] = self._kept(self._folder / f"{name}.pickle", work)
        return self._known[name]

    def is_under_way(self, name: str) -> bool:
        """Tell whether another process is at it just now, so that this one had better begin with something else."""
        with (self._folder / f"{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @staticmethod
    def _kept(path: Path, work: Callable[[], Any]) -> Any:
        if path.exists():
            return pickle.loads(path.read_bytes())
        result = work()
        path.write_bytes(pickle.dumps(result))
        return result
