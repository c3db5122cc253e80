"""Brings the schema up to date. May be invoked twice, or by two deployments at once: each migration runs once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from sqlalchemy.pool import StaticPool

ADVISORY_LOCK = 0x466C757861
"""ASCII "Fluxa": whoever changes the schema of this database holds this lock."""

ADVISORY_LOCK_TIMEOUT = "60s"
"""How long a deployment waits for another one's migrations."""

LOCK_TIMEOUT = "5s"
"""How long DDL may queue for a table. While it waits, every insert waits behind it."""

_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(connection: psycopg.Connection[Any], *, wait: str = ADVISORY_LOCK_TIMEOUT) -> list[str]:
    """Apply what is missing, in order, and return the revisions applied.

    Args:
        connection: in autocommit mode; the lock lives and dies with it.
        wait: how long to wait for another deployment's migrations, as PostgreSQL writes it.

    Raises:
        psycopg.errors.LockNotAvailable: Another migration ran for longer than `wait`.
        sqlalchemy.exc.DBAPIError: A migration failed and was rolled back; those before it remain.
    """
    with holding_schema_lock(connection, wait=wait):
        connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        return _upgrade(connection)


@contextmanager
def holding_schema_lock(connection: psycopg.Connection[Any], *, wait: str = ADVISORY_LOCK_TIMEOUT) -> Iterator[None]:
    """Keep every other change of the schema out for the length of the block."""
    # The role's time-outs are made for events, and waiting for this lock counts as a statement.
    connection.execute("SET statement_timeout = 0")
    connection.execute(f"SET lock_timeout = '{wait}'")
    connection.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def _upgrade(connection: psycopg.Connection[Any]) -> list[str]:
    applied: list[str] = []

    def note(**details: Any) -> None:
        applied.append(details["step"].up_revision_id)

    config = Config()
    # ConfigParser would read a per cent sign in the path as the start of a reference.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
    # SQLAlchemy and Alembic open and close transactions themselves.
    connection.autocommit = False
    try:
        with engine.connect() as alchemy_connection:
            config.attributes.update(connection=alchemy_connection, on_version_apply=[note])
            command.upgrade(config, "head")
    finally:
        connection.rollback()
        connection.autocommit = True
    return applied
