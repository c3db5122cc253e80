"""What maintaining the database needs from the world."""

from contextlib import AbstractContextManager
from typing import Any, Protocol

import psycopg


class Connect(Protocol):
    """How to reach the database."""

    def __call__(self) -> AbstractContextManager[psycopg.Connection[Any]]:
        """Open a connection of its own, in autocommit mode, closed when the block ends.

        Raises:
            DatabaseUnavailable: PostgreSQL accepts none.
            SecretUnavailable: The password could not be read.
        """
