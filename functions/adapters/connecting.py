"""How one connection to PostgreSQL is made: where to, with which proof, and once more when the password is refused."""

from pathlib import Path
from typing import Any, Protocol, Self

import psycopg
from psycopg.rows import TupleRow

from functions.adapters.aws_clients import PUBLIC_AUTHORITIES
from functions.adapters.postgres_errors import translate_errors
from functions.common.environment import DatabaseSettings
from functions.common.errors import FluxaError

Connection = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_SECONDS = 3
"""A TLS handshake and a SCRAM exchange inside one region take well below a second."""

_RDS_AUTHORITIES = Path(__file__).with_name("rds-global-bundle.pem")

_TLS = {
    "verify-full": {"sslmode": "verify-full", "sslrootcert": str(_RDS_AUTHORITIES)},
    # Not `sslrootcert=system`: psycopg's wheels bring an OpenSSL that looks for the system's authorities in
    # /usr/lib/psycopg-openssl, where no system keeps any, so every certificate would be refused.
    "verify-system": {"sslmode": "verify-full", "sslrootcert": str(PUBLIC_AUTHORITIES)},
    "disable": {"sslmode": "disable"},
}

_SOCKET = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    "gssencmode": "disable",
}


class Password(Protocol):
    """A password that may be rotated while we run, or a token in its place."""

    def __call__(self) -> str:
        """Return the password, from memory when it was read before.

        Raises:
            SecretUnavailable: It could not be read.
        """

    def refresh(self) -> str:
        """Return the password to try after a refusal; the refused one when there is no other.

        Raises:
            SecretUnavailable: It could not be read.
        """


def connect(settings: DatabaseSettings, password: Password) -> Connection:
    """Open one connection outside any pool, in autocommit mode; close it yourself.

    Raises:
        DatabaseUnavailable: PostgreSQL accepts none.
        SecretUnavailable: The password could not be read.
    """
    attempts = Attempts(settings, password)
    with translate_errors():
        return attempts.connection_class().connect(**attempts.arguments())


class Attempts:
    """How connections are made, and why the last attempt failed. The pool's own thread comes through here."""

    def __init__(self, settings: DatabaseSettings, password: Password) -> None:
        self._settings = settings
        self._password = password
        self.failure: Exception | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the driver's keyword arguments; asked for each connection, so that each gets today's password."""
        settings = self._settings
        try:
            password = self._password()
        except FluxaError as error:
            self.failure = error
            raise
        return {
            "host": settings.database_host,
            "port": settings.database_port,
            "dbname": settings.database_name,
            "user": settings.database_user,
            "password": password,
            "application_name": "fluxa",
            "autocommit": True,
            # Behind RDS Proxy a prepared statement pins the session to one server connection.
            "prepare_threshold": None,
            **_TLS[settings.database_tls],
            **_SOCKET,
        }

    def connection_class(self) -> type[Connection]:
        """Return a connection class that reads the password once more when the server refuses it."""
        attempts = self

        class _Connection(psycopg.Connection[TupleRow]):
            @classmethod
            def connect(cls, conninfo: str = "", **arguments: Any) -> Self:
                try:
                    try:
                        return super().connect(conninfo, **arguments)
                    except psycopg.OperationalError as error:
                        if not _refused_the_password(error):
                            raise
                        fresh = attempts._password.refresh()
                        if fresh == arguments["password"]:
                            raise
                        return super().connect(conninfo, **{**arguments, "password": fresh})
                except (psycopg.Error, FluxaError) as error:
                    attempts.failure = error
                    raise

        return _Connection


def _refused_the_password(error: psycopg.OperationalError) -> bool:
    """Tell whether the server asked for a password, got one and ended the conversation.

    Errors while connecting carry no SQLSTATE, and their text is in the server's language.
    """
    return error.pgconn is not None and error.pgconn.used_password
