"""What accepting an event needs from the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from functions.common.envelope import MessageAttributes
from functions.ingest.incoming import IncomingEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingMessage:
    """A message as the queue takes it."""

    body: str
    attributes: MessageAttributes


class Queue(Protocol):
    """The queue between ingest and the processor."""

    def send(self, body: str, attributes: MessageAttributes) -> None:
        """Return once the queue has acknowledged the message.

        Raises:
            QueueUnavailable: It has not.
        """

    def send_many(self, messages: Sequence[OutgoingMessage], *, within_seconds: float) -> list[Exception | None]:
        """Send the messages; return for each, in their order, None once it was acknowledged, or else why it was not.

        A message without acknowledgement may exist nevertheless.
        """


class PayloadStore(Protocol):
    """Where payloads lie that are too large for the queue."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""

    def put_new(self, key: str, body: bytes, sha256: str) -> None:
        """Store an object under a key that carries its hash; storing it again is no error.

        Raises:
            PayloadStoreUnavailable: It was not stored.
        """


class Clock(Protocol):
    """The time of day."""

    def __call__(self) -> datetime:
        """Return the time now, aware, in UTC."""


class Gate(Protocol):
    """What the stack asks of events beside their form."""

    def check(self, event: IncomingEvent) -> None:
        """Return if the event may pass.

        Raises:
            PermanentError: One of its subclasses, saying what is wrong with the event.
        """
