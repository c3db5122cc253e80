"""The other half of a bundle: a function's dependency group, from the lock file, as wheels for where it will run."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.bundling.errors import BundleError

Architecture = Literal["arm64", "x86_64", "host"]
"""Where a bundle runs: Lambda on Graviton, Lambda on x86, or this machine and interpreter."""


# Lambda's Python 3.12 and later run on Amazon Linux 2023, glibc 2.34. Wheels are published for 2.28, the oldest
# that psycopg's fit; Python 3.11's Amazon Linux 2 (2.26) is too old for them.
_LAMBDA: Mapping[Architecture, str] = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What the wheels of a bundle must fit."""

    architecture: Architecture
    python: str
    """Such as "3.13"."""

    @property
    def tag(self) -> str:
        """Its name as packagers write it: for Lambda the one that uv takes, for this machine the one it has."""
        return _LAMBDA.get(self.architecture) or sysconfig.get_platform()


# One `name==version` with its marker and hashes, which uv writes over several lines, the later ones indented.
_PACKAGE = re.compile(r"^(?P<name>[\w.-]+).*(?:\n[ \t].*)*", re.MULTILINE)
_KEY_DIGITS = 16
_PARALLEL_INSTALLS = 8

_MISLEADING = frozenset({"UV_FROZEN", "UV_LOCKED", "UV_PYTHON", "VIRTUAL_ENV"})


def locked_requirements(project_dir: Path, *groups: str) -> str:
    """Return the groups' packages with exact versions and hashes, as uv.lock has them.

    Raises:
        BundleError: There is no uv, no lock file or no such group.
    """
    options = (
        "--frozen",
        *(f"--only-group={group}" for group in groups),
        "--no-emit-project",
        "--no-header",
        "--no-annotate",
    )
    return _uv("export", *options, cwd=project_dir, purpose=f"read the locked dependencies of {groups[0]}")


def install_all(requirements: str, store: Path, *, project_dir: Path, platform: Platform) -> list[Path]:
    """Return a folder for each locked package, with the files of its wheel; install those that `store` lacks.

    Files may be hard links into uv's cache: read them, never change them.

    Raises:
        BundleError: A wheel is missing for the platform, cannot be fetched, or is not the one that was locked.
    """
    with ThreadPoolExecutor(_PARALLEL_INSTALLS) as pool:
        installing = [
            pool.submit(_install, package["name"], package[0], store, project_dir, platform)
            for package in _PACKAGE.finditer(requirements)
        ]
        return [installed.result() for installed in installing]


def _install(name: str, package: str, store: Path, project_dir: Path, platform: Platform) -> Path:
    foreign = () if platform.architecture == "host" else ("--python-platform", platform.tag)
    options = (
        *("--no-deps", "--require-hashes", "--only-binary", ":all:"),
        *("--python", sys.executable, "--python-version", platform.python, *foreign),
    )
    # Whatever decides which files are installed decides the folder, so that none is ever stale.
    key = hashlib.sha256("\n".join((*options, platform.tag, package)).encode()).hexdigest()
    folder = store / f"{name}-{key[:_KEY_DIGITS]}"
    if folder.is_dir():
        return folder
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=store, ignore_cleanup_errors=True) as scratch:
        _uv(
            *("pip", "install", *options, "--target", f"{scratch}/{name}", "--requirements", "-"),
            cwd=project_dir,
            purpose=f"install {name} for {platform.architecture} and Python {platform.python}",
            standard_input=package,
        )
        complete = Path(scratch, name)
        # A package that a marker leaves out, such as one for Windows only, has no files.
        complete.mkdir(exist_ok=True)
        try:
            complete.rename(folder)
        except OSError:
            # Another process was faster, with the same files; or else this is a real failure.
            if not folder.is_dir():
                raise
    return folder


def handler_services(project_dir: Path) -> frozenset[str]:
    """Return the AWS services that the user's handlers call, from `[tool.fluxa]` in pyproject.toml."""
    with (project_dir / "pyproject.toml").open("rb") as file:
        return frozenset(tomllib.load(file).get("tool", {}).get("fluxa", {}).get("handler-services", ()))


def uv_command() -> str:
    """Return the uv beside this interpreter, or else the one on PATH.

    Raises:
        BundleError: There is neither.
    """
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    uv = beside or shutil.which("uv")
    if uv is None:
        raise BundleError("uv builds the bundles and was not found: run 'make setup', or install uv.")
    return uv


def uv_environment() -> dict[str, str]:
    """Return this process's environment without what would point uv at another environment or interpreter."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING}


def _uv(*arguments: str, cwd: Path, purpose: str, standard_input: str = "") -> str:
    """Run uv in the project, whose `[tool.uv]` may name another package index."""
    done = subprocess.run(
        (uv_command(), "--quiet", "--no-progress", "--color", "never", *arguments),
        cwd=cwd,
        input=standard_input,
        env=uv_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BundleError(f"uv could not {purpose}: {done.stderr.strip() or 'it gave no reason'}")
    return done.stdout
