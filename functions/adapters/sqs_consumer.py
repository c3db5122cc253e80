"""What the processor tells SQS by itself: messages to park, and when failed ones are to come back.

Receiving and deleting is Lambda's poller's work.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.adapters.deadline import deadline
from functions.common.envelope import MessageAttributes
from functions.common.errors import QueueUnavailable
from functions.processor.ports import Delay

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ENTRIES_PER_CALL = 10
"""AWS's limit, https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/."""


class SqsSource:
    """The queue that messages come from, and its dead-letter queue."""

    def __init__(self, client: "SQSClient", *, queue_url: str, dead_letter_queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._dead_letter_queue_url = dead_letter_queue_url

    def park(self, body: str, attributes: MessageAttributes, *, within_seconds: float) -> None:
        """Send a message to the dead-letter queue. Needs `sqs:SendMessage` on it.

        Raises:
            QueueUnavailable: SQS did not acknowledge it.
            OutOfTime: It took longer than `within_seconds`.
        """
        try:
            with deadline(within_seconds):
                self._client.send_message(
                    QueueUrl=self._dead_letter_queue_url, MessageBody=body, MessageAttributes=attributes
                )
        except (BotoCoreError, ClientError) as error:
            reason = error_code(error)
            raise QueueUnavailable(f"SQS did not take the message for the dead-letter queue ({reason}).") from error

    def delay(self, delays: Sequence[Delay], *, within_seconds: float) -> None:
        """Set when messages are delivered again. Needs `sqs:ChangeMessageVisibility`.

        Raises:
            QueueUnavailable: SQS refused at least one of them; the others are set.
            OutOfTime: It took longer than `within_seconds`.
        """
        refused = 0
        try:
            with deadline(within_seconds):
                for start in range(0, len(delays), ENTRIES_PER_CALL):
                    answer = self._client.change_message_visibility_batch(
                        QueueUrl=self._queue_url,
                        Entries=[
                            {
                                "Id": str(position),
                                "ReceiptHandle": delay.receipt_handle,
                                "VisibilityTimeout": delay.seconds,
                            }
                            for position, delay in enumerate(delays[start : start + ENTRIES_PER_CALL])
                        ],
                    )
                    refused += len(answer.get("Failed", []))
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"SQS did not change when messages return ({error_code(error)}).") from error
        if refused:
            raise QueueUnavailable(f"SQS did not change when {refused} of {len(delays)} messages return.")
