"""The one place that knows how PostgreSQL, its driver and its pool say no.

| what arrives | becomes | because |
| --- | --- | --- |
| SQLSTATE 40, 55, 57014 | `DatabaseBusy` | the server works; this statement met a lock, a deadlock or its time-out |
| SQLSTATE 08, 25006, 28, 53, 57, 58 | `DatabaseUnavailable` | connection, fail-over, rotation, resources, shutdown |
| `OperationalError`, `InterfaceError` without SQLSTATE | `DatabaseUnavailable` | refused or lost connections |
| SQLSTATE 22, 23, `DataError` | `InvalidEvent` | the data is what was refused; a NUL has no SQLSTATE at all |
| 23514 without a constraint's name | itself | no partition for the row: our mistake, the data is good |
| anything else (42 among it) | itself | missing table, missing right, bad SQL: our mistake, the data is good |
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from functions.common.errors import DatabaseBusy, DatabaseUnavailable, FluxaError, InvalidEvent

_BUSY = ("40", "55", "57014")
_UNAVAILABLE = ("08", "25006", "28", "53", "57", "58")
_REFUSED_DATA = ("22", "23")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn the driver's errors inside the block into ours; bugs pass through.

    Raises:
        DatabaseBusy: See the table above, for this and the others.
        DatabaseUnavailable: As above.
        InvalidEvent: As above.
    """
    try:
        yield
    except psycopg.Error as error:
        ours = translated(error)
        if ours is None:
            raise
        raise ours from error


def translated(error: psycopg.Error) -> FluxaError | None:
    """Return the error of ours that a driver's error stands for, or None when it is a bug."""
    state = error.sqlstate
    if state is None:
        return _without_state(error)
    if state.startswith(_BUSY):
        return DatabaseBusy(f"PostgreSQL could not finish the statement now ({_name(error)}).")
    if state.startswith(_UNAVAILABLE):
        return DatabaseUnavailable(f"PostgreSQL cannot be used now ({_name(error)}).")
    if state.startswith(_REFUSED_DATA) and not _lacks_partition(error):
        return InvalidEvent(f"PostgreSQL refused the event's data ({_name(error)}).")
    return None


def _without_state(error: psycopg.Error) -> FluxaError | None:
    if isinstance(error, psycopg.DataError):
        return InvalidEvent("The event's data cannot be sent to PostgreSQL.")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return DatabaseUnavailable(f"PostgreSQL cannot be reached: {_first_line(error)}")
    return None


def _lacks_partition(error: psycopg.Error) -> bool:
    return isinstance(error, errors.CheckViolation) and error.diag.constraint_name is None


def _name(error: psycopg.Error) -> str:
    """Name the error without its text: PostgreSQL quotes the offending values, which are the client's."""
    where = error.diag.constraint_name or error.diag.column_name
    return f"{error.sqlstate} {type(error).__name__}" + (f", {where}" if where else "")


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0]
