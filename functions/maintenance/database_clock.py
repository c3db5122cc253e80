"""What time it is by the clock that rows are measured with, whatever ours says."""

from datetime import UTC, datetime
from typing import Any

import psycopg


def database_time(connection: psycopg.Connection[Any]) -> datetime:
    """Return the server's time, in UTC."""
    row = connection.execute("SELECT now()").fetchone()
    if row is None:
        raise RuntimeError("PostgreSQL answered SELECT now() with no row.")
    moment: datetime = row[0]
    return moment.astimezone(UTC)
