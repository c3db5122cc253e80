"""Python environments beside the project's own, for tools that pin what the project needs in other versions.

Each holds one dependency group of a `pyproject.toml`, or all it depends on, in exactly the versions of its `uv.lock`.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fluxa.errors import OperatorError

_LONGEST_REASON = 400


@dataclass(frozen=True, kw_only=True)
class LockedEnvironment:
    """One tool's environment, in `.fluxa`."""

    folder: str
    """What its folder in `.fluxa` is called."""
    name: str
    """What it is called in a sentence, e.g. `The AWS emulator`."""
    project: str = "."
    """Folder of the `pyproject.toml` and its lock, below the project's."""
    group: str | None = None
    """The dependency group that holds the tool and nothing else; none where the whole of `project` is the tool."""

    def ensure(self, project_dir: Path) -> Path:
        """Return the environment's interpreter, installing what `uv.lock` says when that is not there yet.

        Several processes may ask at once: one installs, the others wait for it.

        Raises:
            OperatorError: the lock file or uv is missing, the folder cannot be written, or the installation failed.
        """
        folder = project_dir / ".fluxa" / self.folder
        marker = folder / "fluxa-ready"
        wanted = _fingerprint(project_dir / self.project)
        if not _is_ready(marker, wanted):
            with _only_one(folder.with_name(f"{folder.name}.lock")):
                if not _is_ready(marker, wanted):
                    marker.unlink(missing_ok=True)
                    self._install(project_dir / self.project, folder)
                    marker.write_text(wanted, encoding="utf-8")
        return folder / "bin" / "python"

    def _install(self, project_dir: Path, folder: Path) -> None:
        uv = Path(sys.executable).with_name("uv")
        if not uv.exists():
            raise OperatorError(f"uv is not installed beside {sys.executable}: run `make setup`.")
        outcome = subprocess.run(
            [
                uv,
                "sync",
                "--frozen",
                *([f"--only-group={self.group}"] if self.group else []),
                "--no-install-project",
                # Importing botocore from source costs every cold start 0.8 s.
                "--compile-bytecode",
                f"--python={sys.executable}",
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=project_dir,
            # The rest of the terminal's environment stays: proxies, certificates and the package index are set there.
            env={**_without_virtual_env(), "UV_PROJECT_ENVIRONMENT": str(folder)},
        )
        if outcome.returncode != 0:
            raise OperatorError(f"{self.name} could not be installed: {_reason(outcome.stderr)}")


def _fingerprint(project_dir: Path) -> str:
    """Change when the locked packages or the interpreter do: both make another environment."""
    try:
        lock = (project_dir / "uv.lock").read_bytes()
    except FileNotFoundError:
        raise OperatorError(
            f"There is no uv.lock in {project_dir}: run `fluxa` from a clone of the repository."
        ) from None
    interpreter = f"{sys.version}\n{Path(sys.executable).resolve()}\n"
    return hashlib.sha256(interpreter.encode() + lock).hexdigest()


def _is_ready(marker: Path, wanted: str) -> bool:
    return marker.exists() and marker.read_text(encoding="utf-8") == wanted


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _without_virtual_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def _reason(text: str) -> str:
    """Return what uv said from its error on, in one line; before that it tells of progress."""
    _, marker, error = text.partition("error: ")
    return " ".join((error if marker else text).split())[:_LONGEST_REASON] or "uv gave no reason."
