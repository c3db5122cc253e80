"""Asks SQS how many messages there are; about as many, as SQS counts them while they move."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.errors import QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_COUNTS: "Sequence[QueueAttributeNameType]" = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class SqsDepth:
    """See the port. Needs `sqs:GetQueueAttributes` on each queue.

    Args:
        queue_urls: in the order that messages pass through them; one that moves on meanwhile is counted twice.
    """

    def __init__(self, client: "Callable[[], SQSClient]", queue_urls: Sequence[str]) -> None:
        self._client = client
        self._queue_urls = queue_urls

    def waiting(self) -> int:
        """See the port."""
        return sum(self._messages(url) for url in self._queue_urls)

    def _messages(self, queue_url: str) -> int:
        try:
            answer = self._client().get_queue_attributes(QueueUrl=queue_url, AttributeNames=_COUNTS)
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"SQS did not say how many messages there are ({error_code(error)}).") from error
        return sum(int(answer["Attributes"][name]) for name in _COUNTS)
