"""A whole local platform for tests: the real program, deployed; one for each worker process.

Loaded as a plugin. Starting one takes seconds, so every test of a session shares it and uses event ids of its own.
"""

from collections.abc import Iterator

import pytest

from fluxa.local.platform import LocalPlatform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """The worker's platform."""
    handlers = {"processing.handlers": "tests/handlers"}
    with LocalPlatform(state_dir=tmp_path_factory.mktemp("platform"), overrides=handlers) as running:
        yield running
