"""Requests to handle stored events once more, on their way to the main queue."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxa.errors import OperatorError
from fluxa.operate.api import Patience
from fluxa.operate.pace import Pace
from functions.common.envelope import message_bytes
from functions.common.replay import ReplayRequest, encode_replay, replay_attributes
from functions.common.sqs_batches import split

Message = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ReplayQueue:
    """Sends requests."""

    sqs: Any
    url: str
    pace: Pace
    patience: Patience = field(default_factory=Patience)

    def send(self, requests: Sequence[ReplayRequest]) -> Iterator[int]:
        """Send the requests in their order; yield how many each call took.

        Raises:
            OperatorError: SQS took some, and others not however often it was asked; sending all again does no harm.
        """
        messages = map(_message, requests)
        sized = ((message, message_bytes(message["MessageBody"], message["MessageAttributes"])) for message in messages)
        for group in split(sized, per_call=self.pace.per_call):
            self.pace.wait(len(group))
            self._settle(group)
            yield len(group)

    def _settle(self, messages: Sequence[Message]) -> None:
        trouble = ""
        for attempt in range(1, self.patience.attempts + 1):
            entries = [{"Id": str(place), **message} for place, message in enumerate(messages)]
            answer = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
            taken = {int(entry["Id"]) for entry in answer.get("Successful", [])}
            messages = [message for place, message in enumerate(messages) if place not in taken]
            if not messages:
                return
            trouble = next((f" ({item['Code']}: {item.get('Message', '')})" for item in answer.get("Failed", [])), "")
            if attempt < self.patience.attempts:
                self.pace.sleep(self.patience.seconds(attempt))
        raise OperatorError(f"SQS did not take {len(messages)} messages in {self.patience.attempts} attempts{trouble}.")


def _message(request: ReplayRequest) -> Message:
    return {"MessageBody": encode_replay(request), "MessageAttributes": replay_attributes(request)}
