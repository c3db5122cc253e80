"""Whole local platforms for tests: the real program, deployed; one of each kind for each worker process.

Loaded as a plugin. Starting one takes seconds, so every test of a session shares it and uses event ids of its own.
"""

from collections.abc import Iterator

import pytest

from fluxa.local.platform import LocalPlatform
from tests.support.api import Api

_HANDLERS = {"processing.handlers": "tests/handlers"}


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """The worker's platform, as `fluxa dev` starts it; what its functions ask of AWS is recorded."""
    state_dir = tmp_path_factory.mktemp("platform")
    with LocalPlatform(state_dir=state_dir, overrides=_HANDLERS, record_calls=True) as running:
        yield running


@pytest.fixture(scope="session")
def prod_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """The worker's platform in the shape of production, as `fluxa dev --profile prod` starts it."""
    state_dir = tmp_path_factory.mktemp("prod-platform")
    with LocalPlatform(state_dir=state_dir, overrides=_HANDLERS, profile="prod", record_calls=True) as running:
        yield running


@pytest.fixture(scope="session")
def api(platform: LocalPlatform) -> Iterator[Api]:
    """The worker's platform, seen through its API."""
    running = Api(platform.outputs.document())
    yield running
    running.close()
