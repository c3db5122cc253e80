"""One emulator and one PostgreSQL for these tests; each deploys small programs of its own to them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fluxa.local import emulator as emulators
from fluxa.local.emulator import Emulator
from fluxa.local.engine import Recording, run_program
from fluxa.local.postgres import PostgresServer
from fluxa.local.provider import LocalProvider
from tests.support.pulumi_project import a_project

PROGRAMS = Path(__file__).with_name("programs")

Deploy = Callable[..., Recording]


@pytest.fixture(scope="session")
def running_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An AWS emulator with authentication on."""
    emulator = emulators.start(tmp_path_factory.mktemp("emulator"))
    try:
        yield emulator
    finally:
        emulators.stop(emulator)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def deploy(running_emulator: Emulator, postgres_server: PostgresServer, tmp_path: Path, state_dir: Path) -> Deploy:
    """Deploy a program: `deploy(text, key=value…)`; each call is a restart of the platform with the same state.

    A program may also be the name of a file in `programs/`, which can import its neighbours. The keyword arguments are
    the stack's settings. Names come from URNs, so a test gives its resources names of its own.
    """
    files = {path.name: path.read_text(encoding="utf-8") for path in PROGRAMS.glob("*.py")}

    def run(program: str, **settings: Any) -> Recording:
        project = a_project(tmp_path / "project", files.get(program, program), files=files)
        provider = LocalProvider(running_emulator, postgres_server, state_dir)
        return run_program(project, "dev", provider, overrides=settings)

    return run
