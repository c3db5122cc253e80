"""What the application's roles log in with: a password that only its hash tells the server, or tokens of RDS's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from functions.common.names import DatabaseRole
from functions.maintenance.migrate import LOCK_TIMEOUT, holding_schema_lock
from functions.maintenance.settings import LoginBackend

APPLICATION_ROLES = (DatabaseRole.PROCESSOR, DatabaseRole.QUERY)

TOKEN_ROLE = "rds_iam"  # noqa: S105 - a role's name
"""Its members log in with tokens and can no longer use a password.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html"""


@dataclass(frozen=True, kw_only=True)
class Logins:
    """How each role logs in, as the stack says it should."""

    backend: LoginBackend
    passwords: Mapping[DatabaseRole, Callable[[], str]]
    """Reads a role's password as it is now; empty for `iam`."""

    def set(self, connection: psycopg.Connection[Any]) -> None:
        """Let every role log in in this way and in no other. Doing it again changes nothing.

        Args:
            connection: the owner's, in autocommit mode.

        Raises:
            SecretUnavailable: A password could not be read; roles before it have theirs.
            RuntimeError: Tokens are wanted of a server that takes none.
        """
        with holding_schema_lock(connection):
            # Under the lock: a rotation that ends meanwhile would have made them old.
            passwords = {role: read() for role, read in self.passwords.items()}
            connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            for role in APPLICATION_ROLES:
                with connection.transaction():
                    if self.backend == "iam":
                        _take_tokens(connection, role)
                    else:
                        _take_no_tokens(connection, role)
                        _set_password(connection, role, passwords[role])


def change_password(connection: psycopg.Connection[Any], role: DatabaseRole, password: str) -> None:
    """Give a role another password; connections that are open stay so.

    Args:
        connection: the owner's, in autocommit mode.
    """
    with holding_schema_lock(connection):
        connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        _set_password(connection, role, password)


def _set_password(connection: psycopg.Connection[Any], role: DatabaseRole, password: str) -> None:
    # Hashed here: the server logs statements, and shows them to whoever may look at others' sessions.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role.value), sql.Literal(verifier)))


def _take_tokens(connection: psycopg.Connection[Any], role: DatabaseRole) -> None:
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [TOKEN_ROLE]).fetchone() is None:
        raise RuntimeError(
            f"LOGIN_BACKEND is iam, and this server has no role {TOKEN_ROLE}, so it takes no tokens: "
            "use RDS, or choose ssm or secretsmanager as secrets.backend."
        )
    name = sql.Identifier(role.value)
    if not _takes_tokens(connection, role):
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(TOKEN_ROLE), name))
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD NULL").format(name))


def _take_no_tokens(connection: psycopg.Connection[Any], role: DatabaseRole) -> None:
    if _takes_tokens(connection, role):
        connection.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(TOKEN_ROLE), sql.Identifier(role.value)))


def _takes_tokens(connection: psycopg.Connection[Any], role: DatabaseRole) -> bool:
    found = connection.execute(
        "SELECT FROM pg_auth_members"
        " WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = %s) AND member = %s::regrole",
        [TOKEN_ROLE, role.value],
    )
    return found.fetchone() is not None
