"""Looks through the dead-letter queue for events that are to be erased, and gives everything else back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.envelope import decode
from functions.common.errors import InvalidEnvelope, QueueUnavailable
from functions.common.queue_walk import WAIT_SECONDS, each_once, hidden_seconds
from functions.common.sqs_batches import ENTRIES_PER_CALL
from functions.maintenance.ports import ParkedEvent

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


class SqsParkedEvents:
    """See the port `LookAtDeadLetters`.

    Needs `sqs:GetQueueAttributes`, `sqs:ReceiveMessage`, `sqs:DeleteMessage` and `sqs:ChangeMessageVisibility`.
    """

    def __init__(self, client: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    @contextmanager
    def __call__(self) -> "Iterator[Look]":
        """See the port."""
        look = Look(self._client(), self._queue_url)
        try:
            yield look
        finally:
            look.give_back()


class Look:
    """See the port `DeadLetters`."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._receipts: dict[str, str] = {}
        waiting, self._hidden = self._count()
        self._seconds = hidden_seconds(waiting)

    def waiting_elsewhere(self) -> bool:
        """See the port."""
        return self._hidden > 0

    def events(self) -> Iterator[list[ParkedEvent]]:
        """See the port."""
        for messages in each_once(self._receive, lambda message: message["MessageId"]):
            yield [event for message in messages if (event := _read(message)) is not None]

    def remove(self, events: Sequence[ParkedEvent]) -> list[ParkedEvent]:
        """See the port."""
        entries = [
            {"Id": str(place), "ReceiptHandle": self._receipts[event.message_id]} for place, event in enumerate(events)
        ]
        try:
            answer = self._client.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)  # type: ignore[arg-type]  # two strings each
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"SQS did not delete dead letters ({error_code(error)}).") from error
        gone = [events[int(entry["Id"])] for entry in answer.get("Successful", [])]
        for event in gone:
            del self._receipts[event.message_id]
        return gone

    def give_back(self) -> None:
        """Let others see what is left."""
        receipts = list(self._receipts.values())
        for start in range(0, len(receipts), ENTRIES_PER_CALL):
            # They come back by themselves a little later.
            with suppress(BotoCoreError, ClientError):
                self._client.change_message_visibility_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                        for place, receipt in enumerate(receipts[start : start + ENTRIES_PER_CALL])
                    ],
                )

    def _count(self) -> tuple[int, int]:
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=self._queue_url,
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"SQS did not say how many dead letters there are ({error_code(error)}).") from error
        counts = answer["Attributes"]
        return int(counts["ApproximateNumberOfMessages"]), int(counts["ApproximateNumberOfMessagesNotVisible"])

    def _receive(self) -> "list[MessageTypeDef]":
        try:
            answer = self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=ENTRIES_PER_CALL,
                VisibilityTimeout=self._seconds,
                WaitTimeSeconds=WAIT_SECONDS,
            )
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"SQS did not hand out dead letters ({error_code(error)}).") from error
        messages = answer.get("Messages", [])
        # The newest receipt is the one that counts.
        self._receipts |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
        return messages


def _read(message: "MessageTypeDef") -> ParkedEvent | None:
    try:
        envelope = decode(message["Body"])
    except InvalidEnvelope:
        return None
    return ParkedEvent(
        message_id=message["MessageId"],
        event_id=envelope.event_id,
        user_id=envelope.user_id,
        received_at=envelope.received_at,
        payload_ref=envelope.payload_ref,
    )
