"""What tests of roles and their logins share: a server whose owner is no superuser."""

from collections.abc import Iterator

import pytest
from psycopg.conninfo import make_conninfo

from fluxa.local.postgres import PostgresServer
from functions.adapters.event_store import PostgresEventStore
from functions.common.names import DatabaseRole
from functions.maintenance.logins import change_password
from functions.processor.ports import EventStore
from tests.support.fakes_processor import FakeEventStore
from tests.support.owned_database import OwnedDatabase, forget_roles, owned_database, owners_server
from tests.support.postgres_fixtures import session


@pytest.fixture(scope="session")
def rds_like_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with owners_server(tmp_path_factory.mktemp("rds")) as server:
        yield server


@pytest.fixture
def owned(rds_like_server: PostgresServer) -> Iterator[OwnedDatabase]:
    """An empty database of the owner's, on a server without our roles."""
    with owned_database(rds_like_server) as database:
        yield database
    forget_roles(rds_like_server)


@pytest.fixture
def deployed(owned: OwnedDatabase) -> OwnedDatabase:
    """The same after a deployment."""
    owned.prepare()
    return owned


@pytest.fixture
def processors_url(database_url: str) -> str:
    """The URL of `database_url` for the role that the processor logs in as, with the time-outs that belong to it."""
    with session(database_url) as connection:
        change_password(connection, DatabaseRole.PROCESSOR, "processors-password")
    return make_conninfo(database_url, user=DatabaseRole.PROCESSOR.value, password="processors-password")


@pytest.fixture(params=["postgres", "fake"])
def any_store(request: pytest.FixtureRequest) -> EventStore:
    """The store, and the fake that stands for it in unit tests: both keep the same promises."""
    if request.param == "fake":
        return FakeEventStore()
    return PostgresEventStore(request.getfixturevalue("database"))
