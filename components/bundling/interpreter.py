"""Finding a Python of the version that runs in Lambda: only it can write that version's bytecode."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from components.bundling.dependencies import uv_command, uv_environment
from components.bundling.errors import BundleError

_PROBE = """
import json, platform, sys
v = sys.version_info
print(json.dumps([sys.implementation.name, f"{v[0]}.{v[1]}", platform.python_version(), sys.implementation.cache_tag]))
"""
_PROBE_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A CPython on this machine."""

    executable: Path
    minor: str
    """Such as `3.13`."""
    version: str
    """Down to the patch level, such as `3.13.5`: two patch levels may write different bytecode."""
    cache_tag: str
    """What it calls its bytecode files, such as `cpython-313`."""


@cache
def interpreter_for(python: str) -> Interpreter:
    """Find a CPython of `python`, such as "3.13": this one, uv's, or pyenv's.

    Raises:
        BundleError: There is none.
    """
    for candidate in _candidates(python):
        found = _probe(candidate, python)
        if found:
            return found
    raise BundleError(
        f"No Python {python} was found on this machine to compile the bundle with: "
        f"run 'uv python install {python}', or set functions.python to a version you have.",
    )


def _candidates(python: str) -> Iterator[Path]:
    if f"{sys.version_info.major}.{sys.version_info.minor}" == python:
        yield Path(sys.executable)
    yield from _known_to_uv(python)
    # uv gives up at a pyenv shim for a version that is not active, though the version may be installed.
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob(f"versions/{python}*/bin/python{python}"))
    for folder in os.get_exec_path():
        named = shutil.which(f"python{python}", path=folder)
        if named:
            yield Path(named)


def _known_to_uv(python: str) -> Iterator[Path]:
    command = (uv_command(), "python", "find", "--quiet", "--no-project", "--no-python-downloads", python)
    done = subprocess.run(command, env=uv_environment(), capture_output=True, text=True, check=False)
    if done.returncode == 0:
        yield Path(done.stdout.strip())


def _probe(executable: Path, python: str) -> Interpreter | None:
    try:
        done = subprocess.run(
            (executable, "-I", "-S", "-c", _PROBE), capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    implementation, minor, version, cache_tag = json.loads(done.stdout)
    if (implementation, minor) != ("cpython", python):
        return None
    return Interpreter(executable=executable, minor=minor, version=version, cache_tag=cache_tag)
