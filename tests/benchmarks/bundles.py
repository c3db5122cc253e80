"""Bundles: built by the command that everybody uses, and weighed."""

import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.report import Report

PROJECT = Path(__file__).resolve().parents[2]
WEIGHED = ("ingest", "processor")

BUILD_TIMEOUT_SECONDS = 60


class NotBuilt(Exception):
    """A bundle cannot be built on this machine; the message says why."""


def measure(folder: Path, report: Report) -> None:
    """Add the size of each zip for Lambda on Graviton, in thousands of bytes."""
    try:
        zips = build(*WEIGHED, architecture="arm64", folder=folder)
    except NotBuilt as reason:
        report.missing("bundle_kb", str(reason))
        return
    report.counts("bundle_kb", {name: round(path.stat().st_size / 1_000) for name, path in zips.items()})


def build(*functions: str, architecture: str, folder: Path) -> dict[str, Path]:
    """Build bundles from what this machine has: a benchmark fetches nothing.

    Raises:
        NotBuilt: Packages or an interpreter would have to be fetched first.
    """
    command = (sys.executable, "-m", "fluxa.cli", "bundle", *functions, "--architecture", architecture)
    try:
        done = subprocess.run(
            (*command, "--out", str(folder)),
            cwd=PROJECT,
            env={**os.environ, "UV_OFFLINE": "1"},
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotBuilt(f"it took more than {BUILD_TIMEOUT_SECONDS} s") from error
    if done.returncode:
        raise NotBuilt(" ".join(done.stderr.split())[-300:])
    return {name: next(folder.glob(f"{name}-{architecture}-*.zip")) for name in functions}
