"""What maintenance needs from the world."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import psycopg

from functions.common.envelope import PayloadReference
from functions.common.names import DatabaseRole, MetricName, Service

SecondsLeft = Callable[[], float]
"""How long this invocation may still run."""


class Connect(Protocol):
    """How to reach the database."""

    def __call__(self) -> AbstractContextManager[psycopg.Connection[Any]]:
        """Open a connection of its own, in autocommit mode, closed when the block ends.

        Raises:
            DatabaseUnavailable: PostgreSQL accepts none.
            SecretUnavailable: The password could not be read.
        """


class LogIn(Protocol):
    """Whether PostgreSQL takes a password."""

    def __call__(self, role: DatabaseRole, password: str) -> None:
        """Open a connection as this role, and close it.

        Raises:
            DatabaseUnavailable: PostgreSQL refuses it.
        """


class SecretVersions(Protocol):
    """The versions of secrets, as Secrets Manager keeps them: each with an id, and the stages it is in."""

    def stages(self, secret: str) -> Mapping[str, AbstractSet[str]]:
        """Return the stages of each version.

        Raises:
            SecretUnavailable: It cannot be read, which goes for the others as well.
        """

    def current(self, secret: str) -> Mapping[str, Any]:
        """Return what the secret holds now."""

    def pending(self, secret: str, version: str) -> Mapping[str, Any] | None:
        """Return what a version holds that is staged `AWSPENDING`; None when nothing has been put into it."""

    def put_pending(self, secret: str, version: str, value: Mapping[str, Any]) -> None:
        """Put a value into a version that is staged `AWSPENDING`, once."""

    def promote(self, secret: str, version: str, *, instead_of: str) -> None:
        """Make a version the current one."""


class Sums(Protocol):
    """What our own metrics add up to."""

    def total(self, metric: MetricName, service: Service, *, start: datetime, end: datetime) -> int:
        """Return the sum of a counter over whole hours.

        Raises:
            TransientError: It cannot be read.
        """


class Depth(Protocol):
    """How many messages there are."""

    def waiting(self) -> int:
        """Return how many are in the queue, and in its dead-letter queue: visible, in flight and delayed.

        Raises:
            QueueUnavailable: SQS did not say.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class PayloadObject:
    """One object of the payload bucket."""

    key: str
    stored_at: datetime


class PayloadListing(Protocol):
    """What is in the payload bucket."""

    def of_day(self, day: date) -> Iterator[Sequence[PayloadObject]]:
        """Yield the payloads of the events that were received on a day, a page at a time.

        Raises:
            PayloadStoreUnavailable: S3 did not answer.
        """


class PayloadRemoval(Protocol):
    """How payloads are removed for good."""

    def remove(self, keys: Sequence[str]) -> None:
        """Remove up to a thousand objects.

        Raises:
            PayloadStoreUnavailable: S3 did not remove all of them.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedEvent:
    """One event of the dead-letter queue, as far as erasing it takes."""

    message_id: str
    event_id: str
    user_id: str | None
    received_at: datetime
    payload_ref: PayloadReference | None


class DeadLetters(Protocol):
    """One look at the dead-letter queue: every message once, hidden from others until the look is over."""

    def waiting_elsewhere(self) -> bool:
        """Tell whether somebody else held messages back when the look began, so that it cannot see them all."""

    def events(self) -> Iterator[Sequence[ParkedEvent]]:
        """Yield the events that can be read, a few at a time; messages that are none stay as they are.

        Raises:
            QueueUnavailable: SQS did not answer.
        """

    def remove(self, events: Sequence[ParkedEvent]) -> Sequence[ParkedEvent]:
        """Delete messages for good; return those that are gone.

        Raises:
            QueueUnavailable: SQS did not answer.
        """


class LookAtDeadLetters(Protocol):
    """The dead-letter queue."""

    def __call__(self) -> AbstractContextManager[DeadLetters]:
        """Begin a look; when the block ends, what was not removed is given back.

        Raises:
            QueueUnavailable: SQS did not answer.
        """


class PayloadErasure(Protocol):
    """The payload bucket, for deleting."""

    def remove(self, references: Sequence[PayloadReference], *, within_seconds: float) -> None:
        """Delete objects with all their versions and delete markers; one that is not there is deleted already.

        References that point outside the payload bucket or its prefix are left alone.

        Raises:
            PayloadStoreUnavailable: S3 did not answer, or refused; those before it are gone.
            OutOfTime: It took longer than `within_seconds`.
        """

    def reference(self, key: str) -> PayloadReference:
        """Return the reference to a key of the bucket."""
