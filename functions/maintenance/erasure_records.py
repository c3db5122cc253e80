"""The table `erasures`: what was asked for, how far it is, and what there is to show for it."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from functions.common.identifiers import new_id
from functions.maintenance.erasure import Erasure

_COLUMNS = (
    "erasure_id, user_id, encode(user_sha256, 'hex') AS user_sha256, requested_at, completed_at, watched_until,"
    " events, keys, payload_objects, dead_letters"
)

# Whoever asks at the same moment gets the same one. The update changes nothing; it makes the row come back.
BEGIN = f"""
INSERT INTO erasures AS known (erasure_id, user_id, user_sha256, requested_at, watched_until)
VALUES (%(erasure_id)s, %(user_id)s, sha256(convert_to(%(user_id)s, 'UTF8')),
        now(), now() + make_interval(days => %(watch_days)s))
ON CONFLICT (user_sha256) WHERE completed_at IS NULL DO UPDATE SET user_sha256 = excluded.user_sha256
RETURNING {_COLUMNS}
"""  # noqa: S608 - put together from constants

FIND = f"SELECT {_COLUMNS} FROM erasures WHERE erasure_id = %(erasure_id)s"  # noqa: S608 - as above

# Whoever waited longest comes first, so that one that fails each time cannot keep the others waiting for ever.
WATCHED = f"""
SELECT {_COLUMNS} FROM erasures WHERE user_id IS NOT NULL
 ORDER BY swept_at NULLS FIRST, erasure_id LIMIT %(limit)s
"""  # noqa: S608 - as above


@dataclass(frozen=True, kw_only=True)
class ErasureRecords:
    """The records, on one connection of the owner's, in autocommit mode."""

    connection: psycopg.Connection[Any]
    watch_days: int
    """For how long a message about an event may still come: from the queue, or redriven."""

    def begin(self, user_id: str) -> Erasure:
        """Return the user's erasure that is not finished, or a new one."""
        values = {"erasure_id": new_id(), "user_id": user_id, "watch_days": self.watch_days}
        (erasure,) = self._read(BEGIN, values)
        return erasure

    def find(self, erasure_id: str) -> Erasure | None:
        """Return an erasure, or None when there was never one with this id."""
        return next(iter(self._read(FIND, {"erasure_id": erasure_id})), None)

    def watched(self, limit: int) -> list[Erasure]:
        """Return the erasures that are not over."""
        return self._read(WATCHED, {"limit": limit})

    def _read(self, statement: str, values: dict[str, Any]) -> list[Erasure]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return [_erasure(row) for row in cursor.execute(statement, values)]


def _erasure(row: DictRow) -> Erasure:
    return Erasure(**row)
