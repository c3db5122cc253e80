"""An effect that can be counted: once for each event, however often it is delivered."""

import time

from psycopg import Connection

from functions.common.errors import PermanentError, TransientError
from functions.processor import Event, on

SECONDS_OF_WORK = 0.05
"""Long enough that a process killed at a random moment is in the middle of a batch."""


@on("effect.slow")
def work_slowly(event: Event, connection: Connection) -> None:
    """Leave a row, and take some time."""
    connection.execute("INSERT INTO test_effects (event_id) VALUES (%s)", [event.event_id])
    time.sleep(SECONDS_OF_WORK)


@on("effect.replayed", replay=True)
def rebuild(event: Event, connection: Connection) -> None:
    """Leave a row, once more for each replay."""
    connection.execute("INSERT INTO test_effects (event_id) VALUES (%s)", [event.event_id])


@on("effect.refused")
def refuse(event: Event, connection: Connection) -> None:
    """Leave a row, then fail for ever: the row must go."""
    connection.execute("INSERT INTO test_effects (event_id) VALUES (%s)", [event.event_id])
    raise PermanentError("Out of stock.")


@on("effect.late")
def succeed_later(event: Event, connection: Connection) -> None:
    """Leave a row and fail at the first attempt: only the second attempt's row may stay."""
    connection.execute("INSERT INTO test_effects (event_id) VALUES (%s)", [event.event_id])
    row = connection.execute("SELECT errors FROM idempotency_keys WHERE event_id = %s", [event.event_id]).fetchone()
    if row is None or not row[0]:
        raise TransientError("Not yet.")
