"""The driver's errors become retry, refusal or bug; the words PostgreSQL quotes from the data stay behind."""

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from functions.adapters.postgres import translate_errors
from functions.common.errors import DatabaseBusy, DatabaseUnavailable, InvalidEvent


def an_error(sqlstate):
    return errors.lookup(sqlstate)("secret words")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *((an_error(state), DatabaseBusy) for state in ("40001", "40P01", "55P03", "55006", "57014")),
        *(
            (an_error(state), DatabaseUnavailable)
            for state in (
                "08006",
                "08001",
                "25006",
                "28P01",
                "28000",
                "53300",
                "53200",
                "57P01",
                "57P02",
                "57P03",
                "58030",
            )
        ),
        (psycopg.OperationalError("connection refused"), DatabaseUnavailable),
        (psycopg.InterfaceError("the connection is closed"), DatabaseUnavailable),
        (PoolTimeout("5 s"), DatabaseUnavailable),
        (PoolClosed("closed"), DatabaseUnavailable),
        (TooManyRequests("1"), DatabaseUnavailable),
        *((an_error(state), InvalidEvent) for state in ("22P02", "22P05", "22003", "23502", "23503", "23505")),
        (psycopg.DataError("NUL"), InvalidEvent),
    ],
    ids=lambda value: getattr(value, "sqlstate", None) or getattr(value, "__name__", type(value).__name__),
)
def test_each_error_has_its_kind(error, expected):
    with pytest.raises(expected, match=r"^(PostgreSQL|The event's data)") as raised, translate_errors():
        raise error

    assert expected is type(raised.value)
    assert error is raised.value.__cause__


@pytest.mark.parametrize(
    "error",
    [
        *(an_error(state) for state in ("42P01", "42501", "42601", "0A000", "XX000", "25P02", "P0001")),
        an_error("23514"),  # Without a constraint's name it is the missing partition.
        psycopg.ProgrammingError("wrong use of the driver"),
        KeyError("ours"),
    ],
    ids=lambda error: getattr(error, "sqlstate", None) or type(error).__name__,
)
def test_our_own_mistakes_pass_through(error):
    with pytest.raises(type(error)) as raised, translate_errors():
        raise error

    assert error is raised.value


def test_what_was_refused_is_not_quoted():
    with pytest.raises(InvalidEvent, match="22P02 InvalidTextRepresentation") as raised, translate_errors():
        raise an_error("22P02")

    assert "secret" not in str(raised.value)
