"""A server as RDS gives it: the stack's owner may make roles and databases, and is no superuser.

A server of its own, because roles belong to the whole server: elsewhere, tests' superuser has made them already.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fluxa.local import postgres
from fluxa.local.postgres import PostgresServer
from functions.common.names import DatabaseRole
from functions.maintenance.logins import APPLICATION_ROLES, Logins
from functions.maintenance.migrate import migrate
from functions.maintenance.partitions import premake
from tests.support.postgres_fixtures import new_database, session

OWNER_PASSWORD = "owners-password"
PASSWORDS = {role: f"password-of-{role}" for role in APPLICATION_ROLES}


@dataclass(frozen=True)
class OwnedDatabase:
    """An empty database that `fluxa_admin` owns, on a server without our roles."""

    server: PostgresServer
    name: str

    def url(self, user: str = DatabaseRole.ADMIN, password: str = OWNER_PASSWORD) -> str:
        return f"postgresql://{user}:{password}@{self.server.host}:{self.server.port}/{self.name}"

    def superusers_url(self) -> str:
        return self.server.url(self.name)

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection[Any]]:
        with session(self.url()) as connection:
            yield connection

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[Any]]:
        with session(self.superusers_url()) as connection:
            yield connection

    def prepare(self) -> None:
        """Do what a deployment does."""
        with self.owner() as connection:
            migrate(connection)
            premake(connection)
            Logins(
                backend="ssm", passwords={role: lambda role=role: PASSWORDS[role] for role in APPLICATION_ROLES}
            ).set(connection)

    def log(self) -> str:
        """What the server has logged: every statement, as it was sent."""
        return postgres.log_of(self.server.data_dir).read_text(encoding="utf-8", errors="replace")


@contextmanager
def owners_server(folder: Path) -> Iterator[PostgresServer]:
    """A server that logs every statement, with the owner's role."""
    server = postgres.start(folder / "data")
    try:
        with session(server.url()) as superuser:
            superuser.execute(f"CREATE ROLE {DatabaseRole.ADMIN} LOGIN CREATEDB CREATEROLE PASSWORD '{OWNER_PASSWORD}'")
            superuser.execute("ALTER SYSTEM SET log_statement = 'all'")
            superuser.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        postgres.stop(server)


@contextmanager
def owned_database(server: PostgresServer) -> Iterator[OwnedDatabase]:
    """A database of the owner's."""
    with new_database(server) as url:
        name = str(conninfo_to_dict(url)["dbname"])
        with session(server.url()) as superuser:
            superuser.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                    sql.Identifier(name), sql.Identifier(DatabaseRole.ADMIN.value)
                )
            )
        yield OwnedDatabase(server, name)


def forget_roles(server: PostgresServer) -> None:
    """Bring the server back to before the first deployment; no database may need the roles any more."""
    with session(server.url()) as superuser:
        for role in APPLICATION_ROLES:
            superuser.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role.value)))
        superuser.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(sql.Identifier(DatabaseRole.ADMIN.value)))


@contextmanager
def token_role(server: PostgresServer) -> Iterator[None]:
    """RDS's role for tokens, which the owner may grant because a role of RDS's lets it."""
    with session(server.url()) as superuser:
        superuser.execute("CREATE ROLE rds_iam NOLOGIN")
        superuser.execute("CREATE ROLE rds_superuser NOLOGIN")
        superuser.execute("GRANT rds_iam TO rds_superuser WITH ADMIN OPTION")
        superuser.execute(f"GRANT rds_superuser TO {DatabaseRole.ADMIN}")
    try:
        yield
    finally:
        with session(server.url()) as superuser:
            superuser.execute("REVOKE rds_iam FROM rds_superuser CASCADE")
            superuser.execute("DROP ROLE rds_superuser")
            superuser.execute("DROP ROLE rds_iam")
