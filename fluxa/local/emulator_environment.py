"""The emulator's own Python environment: it pins botocore exactly, so it cannot share the project's.

Functions run in this environment's interpreter too, whatever `Runtime` says, so it is made from the project's Python.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluxa.errors import OperatorError

GROUP = "emulator"
"""The dependency group of `pyproject.toml` that holds the emulator and nothing else."""

_LONGEST_REASON = 400


def ensure(project_dir: Path) -> Path:
    """Return the environment's interpreter, installing what `uv.lock` says when that is not there yet.

    Several platforms may ask at once: one installs, the others wait for it.

    Raises:
        OperatorError: the lock file or uv is missing, the folder cannot be written, or the installation failed.
    """
    folder = project_dir / ".fluxa" / "emulator-env"
    marker = folder / "fluxa-ready"
    python = folder / "bin" / "python"
    wanted = _fingerprint(project_dir)
    if _is_ready(marker, wanted):
        return python
    with _only_one(folder.with_name("emulator-env.lock")):
        if not _is_ready(marker, wanted):
            marker.unlink(missing_ok=True)
            _install(project_dir, folder)
            marker.write_text(wanted, encoding="utf-8")
    return python


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


def _install(project_dir: Path, folder: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        raise OperatorError(f"uv is not installed beside {sys.executable}: run `make setup`.")
    outcome = subprocess.run(
        [
            uv,
            "sync",
            "--frozen",
            f"--only-group={GROUP}",
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
        raise OperatorError(f"The AWS emulator could not be installed: {_reason(outcome.stderr)}")


def _without_virtual_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def _reason(text: str) -> str:
    """Return what uv said from its error on, in one line; before that it tells of progress."""
    _, marker, error = text.partition("error: ")
    return " ".join((error if marker else text).split())[:_LONGEST_REASON] or "uv gave no reason."
