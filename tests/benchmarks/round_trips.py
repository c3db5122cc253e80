"""Counts what a connection says: read off the wire protocol itself, so nothing can hide behind a driver or a pool."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import pq

from functions.adapters.postgres import Database

_MESSAGE = re.compile(r"[FB]\t\d+\t(?P<name>\w+)(?P<contents>.*)")


@dataclass
class Conversation:
    """The messages between client and server, as libpq traces them: `F` or `B`, length, name, contents."""

    lines: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return statements, commits and round trips.

        The server ends each of its answers with ReadyForQuery, in state `I` when no transaction is open any more. In
        autocommit mode a statement that gets there has been committed.
        """
        statements = commits = round_trips = 0
        did_something = False
        for name, contents in filter(None, map(_read, self.lines)):
            if name == "CommandComplete":
                did_something = True
                statements += contents.strip('"') not in {"BEGIN", "COMMIT", "ROLLBACK"}
            elif name == "ReadyForQuery":
                round_trips += 1
                if contents == "I":
                    commits += did_something
                    did_something = False
        return {"statements": statements, "commits": commits, "round_trips": round_trips}


def _read(line: str) -> tuple[str, str] | None:
    """Return a message's name and contents, or None for a further line of a statement's own text."""
    found = _MESSAGE.fullmatch(line)
    return (found["name"], found["contents"].strip()) if found else None


@contextmanager
def counted(database: Database) -> Iterator[Conversation]:
    """Listen to the pool's one connection; its check before each use is part of the conversation.

    Raises:
        NotImplementedError: libpq cannot be listened to on this system.
    """
    conversation = Conversation()
    with tempfile.NamedTemporaryFile("rb") as heard:
        with database.connection() as connection:
            try:
                connection.pgconn.trace(heard.fileno())
            except psycopg.NotSupportedError as error:
                raise NotImplementedError(str(error)) from error
            connection.pgconn.set_trace_flags(pq.Trace.SUPPRESS_TIMESTAMPS)
            pgconn = connection.pgconn
        try:
            yield conversation
        finally:
            pgconn.untrace()
        # libpq wrote through the same descriptor, and so moved our place in the file as well.
        heard.seek(0)
        conversation.lines += heard.read().decode().splitlines()
