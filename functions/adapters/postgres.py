"""Connections to PostgreSQL: one at a time for each execution environment, checked before each use.

A frozen environment wakes up with dead sockets, rotated passwords and a server that may have failed over:
everything here is about noticing that within a few seconds, and about one fresh try.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool, PoolTimeout

from functions.adapters.connecting import Attempts, Connection, Password, connect
from functions.adapters.deadline import deadline
from functions.adapters.postgres_errors import translate_errors
from functions.common.environment import DatabaseSettings
from functions.common.errors import DatabaseUnavailable, FluxaError, OutOfTime

__all__ = ["Connection", "Database", "Password", "connect", "translate_errors"]

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

_RESET_SESSION = "RESET SESSION AUTHORIZATION; RESET ALL"

# For RDS Proxy, where the reset itself would pin the session to one server connection: only a session that is pinned
# already has anything to reset. PostgreSQL lists its own settings and no names that a handler made up (`app.tenant`).
# The proxy may hand on by SET what every connection says when it starts.
_SESSION_WAS_SET = """
    SELECT current_user <> session_user OR EXISTS (
           SELECT FROM pg_settings
            WHERE source = 'session' AND name NOT IN ('application_name', 'client_encoding'))
"""


class Database:
    """A pool of one connection, opened when it is first needed.

    Connections are in autocommit mode: a single statement is its own transaction and takes one round trip;
    several statements that belong together go into `connection.transaction()`.
    """

    def __init__(self, settings: DatabaseSettings, password: Password) -> None:
        self._attempts = Attempts(settings, password)
        self._behind_proxy = settings.behind_proxy
        self._ran_handlers = False
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            kwargs=self._attempts.arguments,
            connection_class=self._attempts.connection_class(),
            min_size=0,
            max_size=1,  # One invocation is one thread.
            open=False,
            num_workers=1,
            check=self._check,
            reconnect_timeout=RECONNECT_TIMEOUT_SECONDS,
            max_lifetime=MAX_LIFETIME_SECONDS,
            max_idle=MAX_IDLE_SECONDS,
            name="fluxa",
        )

    @contextmanager
    def connection(
        self,
        timeout: float | None = None,
        *,
        within_seconds: float = WORK_TIMEOUT_SECONDS,
        for_handlers: bool = False,
    ) -> Iterator[Connection]:
        """Lend the connection until the block ends; whatever state it is left in, the next borrower gets a clean one.

        Args:
            timeout: seconds to wait for a connection; None for `BORROW_TIMEOUT_SECONDS`.
            within_seconds: for borrowing and the block together; then the block is interrupted, main thread only.
            for_handlers: whether the block runs a user's code, after which the session's settings are put back.

        Raises:
            DatabaseUnavailable: No connection could be made, or it was lost.
            SecretUnavailable: The password could not be read.
            OutOfTime: The block took longer than `within_seconds`.
        """
        end = time.monotonic() + within_seconds
        with translate_errors():
            connection = self._borrow(min(BORROW_TIMEOUT_SECONDS if timeout is None else timeout, within_seconds))
            self._ran_handlers = for_handlers
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

    def _check(self, connection: Connection) -> None:
        """Make one round trip, which puts the session's settings back when a handler may have changed them."""
        with deadline(CHECK_TIMEOUT_SECONDS):
            if not self._ran_handlers:
                ConnectionPool.check_connection(connection)
            elif not self._behind_proxy or _session_was_set(connection):
                connection.execute(_RESET_SESSION)


def _session_was_set(connection: Connection) -> bool:
    # A cursor of our own: a handler may have set another row factory.
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(_SESSION_WAS_SET).fetchone() == (True,)


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
