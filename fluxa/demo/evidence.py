"""Where the events are, read from the database and the dead-letter queue themselves; nothing is taken on trust."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg

from functions.common.envelope import decode
from functions.common.errors import InvalidEnvelope
from functions.common.names import METRICS_NAMESPACE, Dimension, MetricName, Service

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sqs import SQSClient

Identity = tuple[str, str]
"""An event's id and its payload's SHA-256 in hexadecimal digits."""

_ROWS = """
SELECT e.event_id, encode(e.payload_sha256, 'hex'), e.payload_ref IS NOT NULL, jsonb_array_length(k.errors)
FROM events e JOIN idempotency_keys k USING (event_id)
WHERE e.event_id LIKE %s
"""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found."""

    stored: Counter[Identity] = field(default_factory=Counter)
    """Rows in `events`."""
    via_s3: frozenset[Identity] = frozenset()
    retried: frozenset[Identity] = frozenset()
    """Stored after at least one failed attempt."""
    dead_letters: Counter[Identity] = field(default_factory=Counter)
    """Messages in the dead-letter queue."""

    def settled(self) -> set[Identity]:
        """Events that have arrived somewhere for good."""
        return set(self.stored) | set(self.dead_letters)

    def lost(self, accepted: set[Identity]) -> set[Identity]:
        """Events that were accepted and are nowhere."""
        return accepted - self.settled()

    def doubled(self) -> int:
        """Copies too many: of an id in the table, of an event in the dead-letter queue, or of one in both."""
        rows = Counter(event_id for event_id, _ in self.stored.elements())
        return (
            sum(count - 1 for count in rows.values())
            + sum(count - 1 for count in self.dead_letters.values())
            + len(set(self.stored) & set(self.dead_letters))
        )


class EvidenceReader:
    """Looks at one run's events, again and again until they have settled."""

    def __init__(self, *, database_url: str, sqs: "SQSClient", dead_letter_queue_url: str, run: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)
        self._sqs = sqs
        self._dead_letter_queue_url = dead_letter_queue_url
        self._run = run
        self._dead_letters: dict[str, Identity] = {}

    def read(self) -> Evidence:
        """Return what is where now."""
        rows = self._connection.execute(_ROWS, [f"{self._run}-%"]).fetchall()
        self._peek_at_dead_letters()
        return Evidence(
            stored=Counter((event_id, digest) for event_id, digest, _, _ in rows),
            via_s3=frozenset((event_id, digest) for event_id, digest, by_reference, _ in rows if by_reference),
            retried=frozenset((event_id, digest) for event_id, digest, _, errors in rows if errors),
            dead_letters=Counter(self._dead_letters.values()),
        )

    def close(self) -> None:
        self._connection.close()

    def _peek_at_dead_letters(self) -> None:
        # Received but never deleted, a message comes back after five seconds: keep each by its id, count it once.
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._dead_letter_queue_url, MaxNumberOfMessages=10, VisibilityTimeout=5, WaitTimeSeconds=0
            )
            messages = answer.get("Messages", [])
            for message in messages:
                identity = _identity(message["Body"])
                if identity and identity[0].startswith(self._run):
                    self._dead_letters[message["MessageId"]] = identity
            if not messages:
                return


def _identity(body: str) -> Identity | None:
    try:
        envelope = decode(body)
    except InvalidEnvelope:
        return None
    return envelope.event_id, envelope.payload_sha256


def counted_duplicates(cloudwatch: "CloudWatchClient", *, stack: str) -> int:
    """Return how many duplicates the processor has counted in its metric during the last day."""
    now = datetime.now(UTC)
    answer = cloudwatch.get_metric_statistics(
        Namespace=METRICS_NAMESPACE,
        MetricName=MetricName.EVENTS_DUPLICATED,
        Dimensions=[
            {"Name": Dimension.STACK, "Value": stack},
            {"Name": Dimension.SERVICE, "Value": Service.PROCESSOR},
        ],
        StartTime=now - timedelta(days=1),
        EndTime=now + timedelta(minutes=1),
        Period=24 * 60 * 60,
        Statistics=["Sum"],
    )
    return int(sum(point["Sum"] for point in answer["Datapoints"]))
