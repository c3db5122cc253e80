"""What the end-to-end tests share: the worker's platforms, seen through their APIs and databases."""

from collections.abc import Iterator

import psycopg
import pytest

from fluxa.local.platform import LocalPlatform
from tests.support.every_feature import make_effects_table


@pytest.fixture
def effects(platform: LocalPlatform) -> Iterator[psycopg.Connection]:
    """The database, with an empty table for the handlers of `tests/handlers`."""
    with psycopg.connect(platform.outputs.database_url, autocommit=True) as connection:
        make_effects_table(connection)
        yield connection


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put generated requests last: nobody else should look for one event among the logs of thousands."""
    items.sort(key=lambda item: item.path.stem == "test_contract_of_the_api")
