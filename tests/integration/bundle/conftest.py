"""Bundles of this very project, each platform built once for all tests of a worker."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from components.bundle import Architecture, Bundler

PROJECT = Path(__file__).resolve().parents[3]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Bytecode needs an interpreter of its version, and this is the one that is certainly here."""

Build = Callable[..., dict[str, Path]]


def a_bundler(architecture: Architecture, out_dir: Path, project_dir: Path = PROJECT) -> Bundler:
    return Bundler(project_dir, PYTHON, architecture, Path("fluxa/demo/handlers"), build=True, out_dir=out_dir)


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return function → zip for a platform and the functions named, or all; each is built once."""
    out_dir = tmp_path_factory.mktemp("bundles")

    def build(architecture: Architecture, *functions: str) -> dict[str, Path]:
        return a_bundler(architecture, out_dir).build_missing(*functions)

    return build
