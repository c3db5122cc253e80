"""What the end-to-end tests share: the worker's platform, seen through its API and its database."""

from collections.abc import Iterator

import psycopg
import pytest

from fluxa.local.platform import LocalPlatform
from tests.support.api import Api


@pytest.fixture(scope="session")
def api(platform: LocalPlatform) -> Iterator[Api]:
    running = Api(platform.outputs.document())
    yield running
    running.close()


@pytest.fixture
def effects(platform: LocalPlatform) -> Iterator[psycopg.Connection]:
    """The database, with an empty table for the handlers of `tests/handlers`."""
    with psycopg.connect(platform.outputs.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS test_effects (event_id text NOT NULL)")
        connection.execute("TRUNCATE test_effects")
        yield connection
