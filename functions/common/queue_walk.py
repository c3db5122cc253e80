"""How to look at every message of a queue once: hide each for as long as the look takes, until nothing new comes."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Message = TypeVar("Message")

WAIT_SECONDS = 1
"""Of each receive. Above 0 every server of the queue is asked, so that an empty answer means an empty queue."""

HIDDEN_AT_LEAST_SECONDS = 60
MESSAGES_PER_SECOND = 20
"""What a walk surely manages: messages are hidden long enough for all of them to be looked at."""

HIDDEN_AT_MOST_SECONDS = 43_200
"""AWS's limit."""

_NOTHING_NEW_AT_MOST = 5
"""Answers in a row without a new message: all have been seen, and some are coming back already."""


def hidden_seconds(waiting: int, *, seconds_of_work: float = 0.0) -> int:
    """Return for how long each message is hidden.

    Args:
        waiting: Messages in the queue.
        seconds_of_work: What the caller will need besides looking, for one message.
    """
    seconds = HIDDEN_AT_LEAST_SECONDS + waiting * (1 / MESSAGES_PER_SECOND + seconds_of_work)
    return min(HIDDEN_AT_MOST_SECONDS, round(seconds))


def each_once(receive: Callable[[], Sequence[Message]], id_of: Callable[[Message], str]) -> Iterator[list[Message]]:
    """Yield the messages that `receive` brings, at most ten at a time, each once."""
    seen: set[str] = set()
    nothing_new = 0
    while nothing_new < _NOTHING_NEW_AT_MOST:
        received = receive()
        if not received:
            return
        new = [message for message in received if id_of(message) not in seen]
        seen |= {id_of(message) for message in new}
        nothing_new = 0 if new else nothing_new + 1
        if new:
            yield new
