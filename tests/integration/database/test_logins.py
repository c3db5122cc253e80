"""How roles log in: with passwords that no server has seen, or with RDS's tokens; and back."""

import psycopg
import pytest

from functions.common.errors import SecretUnavailable
from functions.common.names import DatabaseRole
from functions.maintenance.logins import APPLICATION_ROLES, Logins, change_password
from functions.maintenance.migrate import migrate
from tests.support.owned_database import token_role
from tests.support.postgres_fixtures import session

PASSWORD = "pass-word-that-must-stay-secret-4711"


@pytest.fixture
def owner(owned):
    with owned.owner() as connection:
        migrate(connection)
        yield connection


@pytest.fixture
def takes_tokens(rds_like_server, owned):
    with token_role(rds_like_server):
        yield


def passwords(value=PASSWORD):
    return {role: lambda: value for role in APPLICATION_ROLES}


def by_password(value=PASSWORD):
    return Logins(backend="secretsmanager", passwords=passwords(value))


def by_token():
    return Logins(backend="iam", passwords={})


def who_am_i(database, role, password=PASSWORD):
    with session(database.url(), user=role.value, password=password) as connection:
        return connection.execute("SELECT current_user").fetchone()[0]


def logins(database):
    """Each role's stored password, and whether it takes tokens."""
    with database.superuser() as superuser:
        return superuser.execute(
            "SELECT rolpassword, EXISTS (SELECT FROM pg_auth_members WHERE member = a.oid AND roleid ="
            " (SELECT oid FROM pg_roles WHERE rolname = 'rds_iam')) FROM pg_authid AS a WHERE rolname = ANY(%s)",
            [list(APPLICATION_ROLES)],
        ).fetchall()


@pytest.mark.parametrize("role", APPLICATION_ROLES)
def test_a_role_logs_in_with_the_password_of_its_secret(owned, owner, role):
    by_password().set(owner)

    assert role == who_am_i(owned, role)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        who_am_i(owned, role, "another")


@pytest.mark.parametrize("role", APPLICATION_ROLES)
def test_a_role_cannot_log_in_before_it_has_a_password(owned, owner, role):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        who_am_i(owned, role, "guess")


def test_a_password_may_hold_any_character(owned, owner):
    odd = 'it\'s \\ a "%s" {password} € \N{SNOWMAN}'
    by_password(odd).set(owner)

    assert DatabaseRole.QUERY == who_am_i(owned, DatabaseRole.QUERY, odd)


def test_the_next_deployment_sets_the_password_that_the_secret_holds_by_then(owned, owner):
    by_password("first").set(owner)
    by_password("second").set(owner)

    assert DatabaseRole.QUERY == who_am_i(owned, DatabaseRole.QUERY, "second")


def test_no_server_ever_sees_a_password(owned, owner):
    by_password().set(owner)
    change_password(owner, DatabaseRole.QUERY, PASSWORD + "-2")
    with owned.superuser() as superuser:
        seen = [query for (query,) in superuser.execute("SELECT query FROM pg_stat_activity")]
    log = owned.log()

    assert 3 <= log.count('ALTER ROLE "fluxa_') - log.count("PASSWORD NULL")
    assert "SCRAM-SHA-256$" in log
    assert PASSWORD not in log
    assert PASSWORD not in str(seen)


def test_a_secret_that_cannot_be_read_changes_nothing(owned, owner):
    by_password().set(owner)

    def unreadable():
        raise SecretUnavailable("The secret could not be read.")

    with pytest.raises(SecretUnavailable, match="could not be read"):
        Logins(backend="ssm", passwords={DatabaseRole.PROCESSOR: lambda: "new", DatabaseRole.QUERY: unreadable}).set(
            owner
        )
    assert DatabaseRole.PROCESSOR == who_am_i(owned, DatabaseRole.PROCESSOR)


def test_tokens_are_refused_where_the_server_takes_none(owned, owner):
    by_password().set(owner)

    with pytest.raises(RuntimeError, match=r"no role rds_iam.*choose ssm or secretsmanager"):
        by_token().set(owner)
    assert DatabaseRole.QUERY == who_am_i(owned, DatabaseRole.QUERY)


def test_a_role_that_takes_tokens_has_no_password(takes_tokens, owned, owner):
    by_password().set(owner)
    by_token().set(owner)

    assert [(None, True), (None, True)] == logins(owned)


def test_a_stack_may_go_from_passwords_to_tokens_and_back_and_do_each_twice(takes_tokens, owned, owner):
    for login in (by_token(), by_token(), by_password(), by_password(), by_token(), by_password()):
        login.set(owner)

    assert [False, False] == [takes for _, takes in logins(owned)]
    assert DatabaseRole.QUERY == who_am_i(owned, DatabaseRole.QUERY)
