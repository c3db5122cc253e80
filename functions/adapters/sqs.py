"""Sends messages to SQS; the one place that knows how SQS says no."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.envelope import MessageAttributes, message_bytes
from functions.common.errors import QueueUnavailable
from functions.common.side_by_side import side_by_side
from functions.common.sqs_batches import split
from functions.ingest.ports import OutgoingMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

RETRY_PAUSE_SECONDS = 0.1
"""SQS refuses single entries when it throttles or has an error inside: a moment later it often takes them."""

_Outcomes = dict[int, Exception | None]


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

    def send_many(self, messages: Sequence[OutgoingMessage], *, within_seconds: float) -> list[Exception | None]:
        """See the port. What SQS refuses of a call that it takes is sent once more."""
        end = time.monotonic() + within_seconds
        outcomes, refused = self._send(messages, range(len(messages)), within_seconds)
        left = end - time.monotonic() - RETRY_PAUSE_SECONDS
        if refused and left > 0:
            time.sleep(RETRY_PAUSE_SECONDS)
            again, _ = self._send(messages, refused, left)
            outcomes |= again
        return [outcomes[position] for position in range(len(messages))]

    def _send(
        self, messages: Sequence[OutgoingMessage], positions: Sequence[int], within_seconds: float
    ) -> tuple[_Outcomes, list[int]]:
        """Send the messages at these positions; return each one's outcome, and the positions SQS refused one by one."""
        sized = ((at, message_bytes(messages[at].body, messages[at].attributes)) for at in positions)
        groups = list(split(sized))
        calls: list[Callable[[], dict[int, str]]] = [partial(self._send_group, messages, group) for group in groups]
        outcomes: _Outcomes = {}
        refused: list[int] = []
        for group, answer in zip(groups, side_by_side(calls, within_seconds=within_seconds), strict=True):
            if isinstance(answer, Exception):
                outcomes |= dict.fromkeys(group, answer)
                continue
            outcomes |= dict.fromkeys(group)
            outcomes |= {at: QueueUnavailable(f"SQS did not take the message ({code}).") for at, code in answer.items()}
            refused += answer
        return outcomes, refused

    def _send_group(self, messages: Sequence[OutgoingMessage], group: Sequence[int]) -> dict[int, str]:
        """Make one call; return the positions that SQS did not acknowledge, each with its code."""
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(at), "MessageBody": messages[at].body, "MessageAttributes": messages[at].attributes}
                    for at in group
                ],
            )
        except (BotoCoreError, ClientError) as error:
            raise QueueUnavailable(f"SQS did not acknowledge the messages ({error_code(error)}).") from error
        acknowledged = {entry["Id"] for entry in answer.get("Successful", [])}
        codes = {entry["Id"]: entry["Code"] for entry in answer.get("Failed", [])}
        return {at: codes.get(str(at), "no answer") for at in group if str(at) not in acknowledged}
