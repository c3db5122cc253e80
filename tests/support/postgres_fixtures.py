"""Real PostgreSQL for tests: one server for each worker process, one fresh database for each test that asks.

Loaded as a plugin. The database is a copy of a template that our own migrations made, so tests see the shipped schema.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fluxa.local import postgres
from fluxa.local.postgres import PostgresServer
from functions.adapters.postgres import Database
from functions.common.environment import DatabaseSettings
from functions.maintenance.migrate import migrate
from functions.maintenance.partitions import premake

TEMPLATE = "fluxa_template"


class KnownPassword:
    """A password that was never rotated."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __call__(self) -> str:
        return self.value

    def refresh(self) -> str:
        return self.value


def settings_for(database_url: str) -> DatabaseSettings:
    """What a function would find in its environment for this database."""
    parts = conninfo_to_dict(database_url)
    return DatabaseSettings.model_validate(
        {
            "STACK": "test",
            "FLUXA_VERSION": "0",
            "SETTINGS_FINGERPRINT": "0",
            "DATABASE_HOST": parts["host"],
            "DATABASE_PORT": parts["port"],
            "DATABASE_NAME": parts["dbname"],
            "DATABASE_USER": parts["user"],
            "DATABASE_AUTH": "ssm",
            "DATABASE_SECRET": "/fluxa/test/database-password",
            "DATABASE_TLS": "disable",
        }
    )


def password_for(database_url: str) -> KnownPassword:
    """The password in a URL."""
    return KnownPassword(str(conninfo_to_dict(database_url)["password"]))


@contextmanager
def opened_database(database_url: str) -> Iterator[Database]:
    """The pool that functions use, closed afterwards."""
    database = Database(settings_for(database_url), password_for(database_url))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def session(database_url: str, **arguments: Any) -> Iterator[psycopg.Connection[Any]]:
    """A plain connection in autocommit mode, closed afterwards."""
    connection = psycopg.connect(database_url, autocommit=True, **arguments)
    try:
        yield connection
    finally:
        connection.close()


class Lent:
    """Stands for the pool where a test wants to hold the connection itself, inside a transaction perhaps."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    @contextmanager
    def connection(self, *, within_seconds: float) -> Iterator[psycopg.Connection[Any]]:
        yield self._connection


@contextmanager
def new_database(server: PostgresServer, template: str = "template1") -> Iterator[str]:
    """A database that exists for the length of the block; yields its URL."""
    name = f"test_{uuid.uuid4().hex}"
    with session(server.url()) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield server.url(name)
    finally:
        with session(server.url()) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The worker's server."""
    server = postgres.start(tmp_path_factory.mktemp("postgres") / "data")
    try:
        yield server
    finally:
        postgres.stop(server)


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> str:
    """The name of a migrated, empty database to copy."""
    with session(postgres_server.url()) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    with session(postgres_server.url(TEMPLATE)) as connection:
        migrate(connection)
        premake(connection)
    return TEMPLATE


@pytest.fixture
def database_url(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """The URL of a migrated, empty database of the test's own."""
    with new_database(postgres_server, migrated_template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The pool that functions use, on `database_url`."""
    with opened_database(database_url) as opened:
        yield opened


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A second pair of eyes on `database_url`: what other sessions see."""
    with session(database_url) as connection:
        yield connection
