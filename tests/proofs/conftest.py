"""Recorded stacks, one for each combination of toggles, and what the scanner says of them: once for all workers."""

import pytest

from tests.proofs.stacks import Stacks, scanned
from tests.support.checkov_run import Outcome
from tests.support.shared_work import SharedWork


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> SharedWork:
    own = tmp_path_factory.getbasetemp()
    # Workers have a folder each, inside the run's.
    return SharedWork((own if worker_id == "master" else own.parent) / "shared-work")


@pytest.fixture(scope="session")
def stacks(shared) -> Stacks:
    return Stacks(shared)


@pytest.fixture(scope="session")
def outcomes(stacks, shared, tmp_path_factory) -> dict[str, list[Outcome]]:
    """What the scanner says of every stack, and of two that were spoilt."""
    recordings = stacks.all()
    return shared.once("outcomes", lambda: scanned(recordings, tmp_path_factory.mktemp("plans")))
