"""A real AWS emulator for tests: one for each worker process, with authentication on, as `fluxa dev` runs it.

Loaded as a plugin. Tests share it, so they give their queues and buckets names of their own.
"""

from collections.abc import Iterator

import pytest

from fluxa.local import emulator as emulators
from fluxa.local.emulator import Emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The worker's emulator."""
    started = emulators.start(tmp_path_factory.mktemp("emulator"))
    try:
        yield started
    finally:
        emulators.stop(started)
