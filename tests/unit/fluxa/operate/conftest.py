from collections.abc import Iterator

import pytest

from fluxa.operate.api import Api, Patience
from fluxa.operate.target import Target
from tests.support.batch_server import BatchServer, batch_server

IMPATIENT = Patience(attempts=4, base_seconds=0.001, max_seconds=0.01)


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with batch_server() as running:
        yield running


@pytest.fixture
def target(server: BatchServer) -> Target:
    return Target.from_outputs("the stack test", server.outputs())


@pytest.fixture
def api(target: Target) -> Iterator[Api]:
    with Api(target, patience=IMPATIENT) as api:
        yield api
