"""What every test may rely on: no account, no network beyond this machine, the same examples every time."""

import os
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest

_FOREIGN = ("AWS_", "BOTO_", "FLUXA_", "PG", "PULUMI_")
_TIERS = ("integration", "e2e", "scale")
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def _clean_environment() -> None:
    """Forget whatever this shell is logged in to, so that no test can reach an account by accident."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
        del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        # Without it botocore asks the instance's metadata service, and waits for it.
        AWS_EC2_METADATA_DISABLED="true",
    )
    # A proxy would take requests for this machine off this machine; uv may need it for all others.
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "localhost,127.0.0.1,::1")))


def _refuse_the_network(event: str, args: tuple[Any, ...]) -> None:
    """Let a test process connect to this machine only. Subprocesses, such as uv, are on their own."""
    if event == "socket.connect":
        address = args[1]
        host = address[0] if isinstance(address, tuple) else "localhost"
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    name = (host.decode() if isinstance(host, bytes) else host) or "localhost"
    if not name.startswith(_LOOPBACK) and not name.endswith(".localhost"):
        message = f"a test tried to reach {name}: tests talk to this machine only"
        raise PermissionError(message)


_clean_environment()
sys.addaudithook(_refuse_the_network)

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("ci")

pytest_plugins = [
    "tests.support.postgres_fixtures",
    "tests.support.emulator_fixtures",
    "tests.support.platform_fixtures",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by the folder it lies in, so that `-m "not e2e"` needs no decorators."""
    for item in items:
        for tier in _TIERS:
            if Path(item.path).is_relative_to(config.rootpath / "tests" / tier):
                item.add_marker(tier)
