"""Asks PostgreSQL and SQS whether they answer, for the health check: no row is read and no message taken."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.postgres import translate_errors
from functions.common.errors import QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Whoever asks for health has little patience: both together stay below the ten seconds that monitors commonly wait.
BORROW_TIMEOUT_SECONDS = 4.0
ANSWER_TIMEOUT_SECONDS = 2.0

# One try: a health check that retries reports yesterday's weather.
PROBE_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 1})


class Connections(Protocol):
    """A pool of connections."""

    def connection(
        self, timeout: float | None = None, *, within_seconds: float
    ) -> AbstractContextManager[psycopg.Connection[Any]]:
        """Lend one until the block ends."""


class PostgresReachable:
    """Whether PostgreSQL takes a connection and answers a statement."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def check(self) -> None:
        """Return when it does.

        Raises:
            TransientError: It does not, or the password could not be read.
        """
        with (
            translate_errors(),
            self._connections.connection(
                BORROW_TIMEOUT_SECONDS, within_seconds=BORROW_TIMEOUT_SECONDS + ANSWER_TIMEOUT_SECONDS
            ) as connection,
        ):
            connection.execute("SELECT 1")


class SqsReachable:
    """Whether SQS answers for our queue."""

    def __init__(self, client: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def check(self) -> None:
        """Return when it does. Needs `sqs:GetQueueAttributes`.

        Raises:
            QueueUnavailable: It does not.
        """
        try:
            self._client().get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable("SQS did not answer for the queue.") from error
