"""What accepting an event needs from the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from functions.common.envelope import MessageAttributes
from functions.common.uploads import UploadReference
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """How a client uploads what it announced."""

    url: str
    """Takes these bytes and no others, from whoever has it."""
    headers: Mapping[str, str]
    """What must be sent along, exactly."""
    valid_seconds: int


class UploadStore(Protocol):
    """Where clients lay payloads that are too large for a request."""

    def offer(self, upload: UploadReference) -> Offer:
        """Return how to upload it."""

    def take(self, upload: UploadReference, key: str) -> None:
        """Make the payload under `key` of an upload, which stays; taking it again is no error.

        Raises:
            UploadMissing: There is no such upload.
            UploadMismatch: It has another size or hash.
            PayloadStoreUnavailable: It could not be compared or copied now.
            OutOfTime: That took too long.
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
