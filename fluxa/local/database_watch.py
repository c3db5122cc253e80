"""Minds PostgreSQL while a platform is up: its absence delays events, so it is no reason to stop everything.

Whoever stops it, to see what happens or by mistake, may start it again; after a minute the platform does.
"""

import time
from collections.abc import Callable

from fluxa.local import postgres
from fluxa.local.postgres import PostgresServer

GRACE_SECONDS = 60.0
"""How long the server may stay away before it is started again."""

_LOOK_SECONDS = 1.0
"""How often an absent server is looked for; it means going through all processes."""


class DatabaseWatch:
    """Watches one server.

    Args:
        server: As it was started.
        say: Is told, in a sentence, when the server goes and when it returns.
        clock: Seconds that never go backwards.
    """

    def __init__(
        self, server: PostgresServer, *, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._say = say
        self._clock = clock
        self._away_since: float | None = None
        self._looked = 0.0

    def look(self) -> PostgresServer:
        """Return the server, which is another object after it had to be started again.

        Raises:
            OperatorError: It cannot be started again.
        """
        now = self._clock()
        if self._server.process.poll() is None or now - self._looked < _LOOK_SECONDS:
            return self._server
        self._looked = now
        if postgres.is_running(self._server.data_dir):
            self._note_return()
        elif self._away_since is None:
            self._away_since = now
            self._say(
                "PostgreSQL has stopped. Events wait in the queue and none is lost; "
                f"it is started again in {GRACE_SECONDS:.0f} s unless it returns by itself."
            )
        elif now - self._away_since >= GRACE_SECONDS:
            self._server = postgres.start(self._server.data_dir, port=self._server.port)
            self._note_return()
        return self._server

    def _note_return(self) -> None:
        if self._away_since is not None:
            self._away_since = None
            self._say("PostgreSQL is back.")
