"""Connections to PostgreSQL: one at a time for each execution environment, checked before each use.

A frozen environment wakes up with dead sockets, rotated passwords and a server that may have failed over:
everything here is about noticing that within a few seconds, and about one fresh try.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from functions.adapters.deadline import deadline
from functions.adapters.postgres_errors import translate_errors
from functions.common.environment import DatabaseSettings
from functions.common.errors import DatabaseUnavailable, FluxaError, OutOfTime

__all__ = ["Connection", "Database", "Password", "connect", "translate_errors"]

Connection = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_SECONDS = 3
"""A TLS handshake and a SCRAM exchange inside one region take well below a second."""

BORROW_TIMEOUT_SECONDS = 5.0
"""Long enough for one fresh connection after a dead one, far below API Gateway's 29 seconds."""

RECONNECT_TIMEOUT_SECONDS = 4.0
"""The pool gives up before its borrower does; otherwise the next borrower would wait for a delayed attempt."""

CHECK_TIMEOUT_SECONDS = 2.0
"""One round trip; a server that needs longer is taken for hung and its connection replaced."""

WORK_TIMEOUT_SECONDS = 25.0
"""What a borrower may do with a connection before it is interrupted, when it sets no limit of its own."""

CLEAN_UP_TIMEOUT_SECONDS = 1.0

MAX_LIFETIME_SECONDS = 15 * 60.0
MAX_IDLE_SECONDS = 5 * 60.0
"""A NAT gateway forgets idle connections after 350 seconds without telling either side."""

_CA_BUNDLE = Path(__file__).with_name("rds-global-bundle.pem")

_SOCKET = {
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    "gssencmode": "disable",
}


class Password(Protocol):
    """A password that may be rotated while we run."""

    def __call__(self) -> str:
        """Return the password, from memory when it was read before.

        Raises:
            SecretUnavailable: It could not be read.
        """

    def refresh(self) -> str:
        """Return the password as it is now.

        Raises:
            SecretUnavailable: It could not be read.
        """


class Database:
    """A pool of one connection, opened when it is first needed.

    Connections are in autocommit mode: a single statement is its own transaction and takes one round trip;
    several statements that belong together go into `connection.transaction()`.
    """

    def __init__(self, settings: DatabaseSettings, password: Password) -> None:
        self._attempts = _Attempts(settings, password)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            kwargs=self._attempts.arguments,
            connection_class=self._attempts.connection_class(),
            min_size=0,
            max_size=1,  # One invocation is one thread.
            open=False,
            num_workers=1,
            check=_check,
            reconnect_timeout=RECONNECT_TIMEOUT_SECONDS,
            max_lifetime=MAX_LIFETIME_SECONDS,
            max_idle=MAX_IDLE_SECONDS,
            name="fluxa",
        )

    @contextmanager
    def connection(
        self, timeout: float | None = None, *, within_seconds: float = WORK_TIMEOUT_SECONDS
    ) -> Iterator[Connection]:
        """Lend the connection until the block ends; whatever state it is left in, the next borrower gets a clean one.

        Args:
            timeout: seconds to wait for a connection; None for `BORROW_TIMEOUT_SECONDS`.
            within_seconds: for borrowing and the block together; then the block is interrupted, main thread only.

        Raises:
            DatabaseUnavailable: No connection could be made, or it was lost.
            SecretUnavailable: The password could not be read.
            OutOfTime: The block took longer than `within_seconds`.
        """
        end = time.monotonic() + within_seconds
        with translate_errors():
            connection = self._borrow(min(BORROW_TIMEOUT_SECONDS if timeout is None else timeout, within_seconds))
            try:
                with deadline(end - time.monotonic()):
                    yield connection
            finally:
                _clean_up(connection)
                self._pool.putconn(connection)

    def close(self) -> None:
        """Close the connection and end the pool's threads. Lambda never calls it; tests and commands do."""
        self._pool.close()

    def _borrow(self, timeout: float) -> Connection:
        self._pool.open()
        self._attempts.failure = None
        try:
            return self._pool.getconn(timeout)
        except PoolTimeout as error:
            # The pool only knows that time is up; why it could not connect is what an operator needs.
            failure = self._attempts.failure
            if isinstance(failure, FluxaError):
                raise failure from error
            if failure is not None:
                raise DatabaseUnavailable(f"PostgreSQL accepts no connection: {failure}") from error
            raise


def connect(settings: DatabaseSettings, password: Password) -> Connection:
    """Open one connection outside any pool, in autocommit mode; close it yourself.

    Raises:
        DatabaseUnavailable: PostgreSQL accepts none.
        SecretUnavailable: The password could not be read.
    """
    attempts = _Attempts(settings, password)
    with translate_errors():
        return attempts.connection_class().connect(**attempts.arguments())


class _Attempts:
    """How connections are made, and why the last attempt failed. The pool's own thread comes through here."""

    def __init__(self, settings: DatabaseSettings, password: Password) -> None:
        self._settings = settings
        self._password = password
        self.failure: Exception | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the driver's keyword arguments; asked for each connection, so that each gets today's password."""
        settings = self._settings
        verify = {"sslmode": "verify-full", "sslrootcert": str(_CA_BUNDLE)}
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
            **(verify if settings.database_tls == "verify-full" else {"sslmode": "disable"}),
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


def _check(connection: Connection) -> None:
    with deadline(CHECK_TIMEOUT_SECONDS):
        ConnectionPool.check_connection(connection)


def _clean_up(connection: Connection) -> None:
    """Leave nothing behind: an interrupted statement costs the connection, an open transaction is rolled back."""
    status = connection.pgconn.transaction_status
    if status == TransactionStatus.IDLE:
        return
    if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        try:
            with deadline(CLEAN_UP_TIMEOUT_SECONDS):
                connection.rollback()
            return
        except (psycopg.Error, OutOfTime):
            pass
    connection.close()
