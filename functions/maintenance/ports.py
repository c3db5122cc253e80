"""What maintenance needs from the world."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import psycopg

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
