"""Sends messages to SQS; the one place that knows how SQS says no."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.envelope import MessageAttributes
from functions.common.errors import QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsQueue:
    """One queue, for sending."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, body: str, attributes: MessageAttributes) -> None:
        """Return once SQS has acknowledged the message.

        Raises:
            QueueUnavailable: SQS did not, or its answer was lost; the message may then exist,
                and sending the event again under the same id does no harm.
        """
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body, MessageAttributes=attributes)
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"SQS did not acknowledge the message ({error_code(error)}).") from error
