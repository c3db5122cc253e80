"""The pool on days when the server is gone, hung, restarted or has changed its password."""

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest
from psycopg import sql
from psycopg.rows import dict_row, tuple_row

from functions.adapters.postgres import Database, connect
from functions.adapters.secrets import Secret
from functions.common.environment import DatabaseSettings
from functions.common.errors import DatabaseUnavailable, OutOfTime, SecretUnavailable
from tests.support.postgres_fixtures import KnownPassword, opened_database, password_for, session, settings_for


class RotatedPassword(KnownPassword):
    """Remembers yesterday's password until it is asked to look again."""

    def __init__(self, yesterday, today):
        super().__init__(yesterday)
        self._today = today
        self.refreshes = 0

    def refresh(self):
        self.refreshes += 1
        self.value = self._today
        return self.value


class UnreadablePassword(KnownPassword):
    def __init__(self):
        super().__init__("")

    def __call__(self):
        raise SecretUnavailable("The parameter could not be read.")


class HalfRotated:
    """A secret in mid-rotation: what is valid now, and what is about to be."""

    name = "fluxa/test/processor"

    def __init__(self, current, pending):
        self._values = (current, pending)

    def current(self):
        return self._values[0]

    def pending(self):
        return self._values[1]


class BehindProxy(DatabaseSettings):
    """A proxy's certificate is nothing that a test could have; what follows from it is tried on the server itself."""

    @property
    def behind_proxy(self):
        return True


@contextmanager
def opened(settings, password):
    database = Database(settings, password)
    try:
        yield database
    finally:
        database.close()


def backend_of(database):
    with database.connection() as connection:
        return connection.info.backend_pid


def test_no_connection_is_made_before_the_first_use(database_url, admin):
    with opened_database(database_url):
        found = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()").fetchone()

    assert (1,) == found


def test_connections_are_reused(database):
    assert backend_of(database) == backend_of(database)


def test_statements_are_never_prepared_on_the_server(database):
    with database.connection() as connection:
        for _ in range(10):
            connection.execute("SELECT %s::int", [1])

        assert (0,) == connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_unnoticed(database, admin):
    before = backend_of(database)
    admin.execute("SELECT pg_terminate_backend(%s, 2000)", [before])

    assert before != backend_of(database)


def test_a_hung_server_process_costs_seconds_and_not_the_invocation(database):
    before = backend_of(database)
    os.kill(before, signal.SIGSTOP)
    started = time.monotonic()
    try:
        after = backend_of(database)
    finally:
        os.kill(before, signal.SIGCONT)

    assert before != after
    assert time.monotonic() - started < 5


def test_work_that_takes_too_long_is_interrupted_and_its_connection_not_used_again(database):
    before = backend_of(database)

    with pytest.raises(OutOfTime, match=r"within 0\.2 s"), database.connection(within_seconds=0.2) as connection:
        connection.execute("SELECT pg_sleep(10)")

    assert before != backend_of(database)


def test_an_open_transaction_is_not_left_to_the_next_borrower(database):
    with database.connection() as connection:
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE left_behind ()")

    with database.connection() as connection:
        assert (None,) == connection.execute("SELECT to_regclass('left_behind')").fetchone()


CHANGES = {
    "SET statement_timeout = '7s'": "current_setting('statement_timeout')",
    "SELECT set_config('search_path', 'nowhere', false)": "current_setting('search_path')",
    "SET ROLE pg_monitor": "current_user::text",
    # PostgreSQL does not tell of names that are not its own, so behind a proxy nobody notices that one was set.
    "SET app.tenant = '7'": "coalesce(current_setting('app.tenant', true), '')",
}


@pytest.mark.parametrize(
    ("settings_class", "change"),
    [*((DatabaseSettings, change) for change in CHANGES), *((BehindProxy, change) for change in list(CHANGES)[:3])],
)
def test_what_a_handler_sets_for_the_session_ends_with_its_event(database_url, settings_class, change):
    settings = settings_class.model_validate(settings_for(database_url).model_dump())

    def seen(connection):
        with connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(f"SELECT pg_backend_pid(), {CHANGES[change]}").fetchone()

    with opened(settings, password_for(database_url)) as database:
        with database.connection() as connection:
            before = seen(connection)
        with database.connection(for_handlers=True) as connection, connection.transaction():
            connection.execute(change)
            connection.row_factory = dict_row
            assert before != seen(connection)
        with database.connection() as connection:
            assert before == seen(connection)


def test_only_a_handler_is_cleaned_up_after(database, admin):
    with database.connection() as connection:
        connection.execute("SELECT 1")
    with database.connection() as connection:
        assert "" == last_statement(admin, connection.info.backend_pid)


def test_a_proxys_session_in_which_nothing_was_set_is_not_pinned_by_a_reset(database_url, admin):
    settings = BehindProxy.model_validate(settings_for(database_url).model_dump())

    with opened(settings, password_for(database_url)) as database:
        with database.connection(for_handlers=True) as connection, connection.transaction():
            connection.execute("SET LOCAL work_mem = '5MB'")
        with database.connection() as connection:
            pid = connection.info.backend_pid

            assert "RESET" not in last_statement(admin, pid)


def last_statement(admin, pid):
    (text,) = admin.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    return text


def test_a_server_that_hangs_in_mid_transaction_does_not_keep_us_from_giving_up(database):
    with database.connection() as connection:
        connection.execute("BEGIN")
        os.kill(connection.info.backend_pid, signal.SIGSTOP)
        pid, started = connection.info.backend_pid, time.monotonic()

    assert time.monotonic() - started < 3
    os.kill(pid, signal.SIGCONT)


def test_borrowing_counts_towards_the_time_that_work_may_take(database):
    backend_of(database)
    started = time.monotonic()

    with (
        database.connection(),
        pytest.raises(DatabaseUnavailable, match=r"after 0\.30 sec"),
        database.connection(within_seconds=0.3),
    ):
        pass

    assert time.monotonic() - started < 2


def test_a_rotated_password_is_read_again_once(database_url):
    password = RotatedPassword("yesterday's", password_for(database_url).value)

    with opened(settings_for(database_url), password) as database:
        backend_of(database)
        backend_of(database)

    assert 1 == password.refreshes


def test_a_single_connection_survives_a_rotation_as_well(database_url):
    password = RotatedPassword("yesterday's", password_for(database_url).value)

    connect(settings_for(database_url), password).close()

    assert 1 == password.refreshes


@pytest.mark.parametrize("valid", ["current", "pending"])
def test_in_mid_rotation_the_server_may_know_either_password(database_url, valid):
    """A cold start as well as a warm one: the current value was read only a moment ago."""
    right = password_for(database_url).value
    secret = Secret(HalfRotated(right, "new") if valid == "current" else HalfRotated("old", right))

    with opened(settings_for(database_url), secret) as database:
        assert backend_of(database) == backend_of(database)

    connect(settings_for(database_url), secret).close()


def test_a_password_that_stays_wrong_is_reported_in_the_servers_words(database_url):
    with (
        opened(settings_for(database_url), RotatedPassword("wrong", "also wrong")) as database,
        pytest.raises(DatabaseUnavailable, match="password authentication failed"),
        database.connection(timeout=1),
    ):
        pass


def test_a_password_that_cannot_be_read_is_no_fault_of_the_database(database_url):
    with (
        opened(settings_for(database_url), UnreadablePassword()) as database,
        pytest.raises(SecretUnavailable, match="could not be read"),
        database.connection(timeout=1),
    ):
        pass


def test_a_server_that_is_not_there_is_reported_with_the_reason(database_url):
    nowhere = settings_for(database_url).model_copy(update={"database_port": 1})

    with (
        opened(nowhere, password_for(database_url)) as database,
        pytest.raises(DatabaseUnavailable, match="Connection refused"),
        database.connection(timeout=1),
    ):
        pass


def test_a_server_without_the_right_certificate_is_not_talked_to(database_url):
    strict = settings_for(database_url).model_copy(update={"database_tls": "verify-full"})

    with pytest.raises(DatabaseUnavailable, match="does not support SSL"):
        connect(strict, password_for(database_url))


def test_the_pool_recovers_as_soon_as_the_server_does(database, database_url, postgres_server):
    backend_of(database)
    name = settings_for(database_url).database_name
    with session(postgres_server.url()) as root:
        root.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        root.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s", [name])

        # Two borrowers in vain: were the pool to back off from its own attempts, the third would wait for it.
        for seconds in (5, 2.5):
            with (
                pytest.raises(DatabaseUnavailable, match="not currently accepting connections"),
                database.connection(timeout=seconds),
            ):
                pass

        root.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
    started = time.monotonic()
    backend_of(database)

    assert time.monotonic() - started < 3


def test_another_thread_can_use_the_pool(database):
    pids = []
    thread = threading.Thread(target=lambda: pids.append(backend_of(database)))
    thread.start()
    thread.join()

    assert [backend_of(database)] == pids


def test_a_closed_connection_is_an_unavailable_database(database):
    def use_after_closing(connection):
        connection.close()
        connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailable, match="connection is closed"), database.connection() as connection:
        use_after_closing(connection)
