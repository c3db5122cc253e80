"""One SQS message as Lambda delivers it, and how its delivery ended."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from functions.common.identifiers import is_identifier
from functions.common.names import MessageAttribute, Outcome
from functions.processor.ports import Arrival


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One delivery of one message."""

    message_id: str
    receipt_handle: str
    """Names this delivery, not the message: the next one has another."""
    body: str
    receive_count: int
    """How often the message was delivered, this time included; approximate, says SQS."""
    attributes: dict[str, str]
    """Message attributes of type String."""
    queued_at: datetime
    """When it was sent, by SQS's clock, UTC; the same at each delivery."""

    @property
    def arrival(self) -> Arrival:
        """How its event came to the processor; an id that is none of ours is not worth an event."""
        replay_id = self.attributes.get(MessageAttribute.REPLAY_ID, "")
        return Arrival(queued_at=self.queued_at, replay_id=replay_id if is_identifier(replay_id) else None)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """Read one of the event's `Records`.

        https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        """
        return cls(
            message_id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            body=record["body"],
            receive_count=int(record["attributes"]["ApproximateReceiveCount"]),
            attributes={
                name: attribute["stringValue"]
                for name, attribute in (record.get("messageAttributes") or {}).items()
                if attribute.get("stringValue")
            },
            queued_at=datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How one delivery ended."""

    message: Message
    outcome: Outcome
    reason: str | None = None
    """The error's code; None when the event is stored."""
    explanation: str | None = None
    """The error's own words, for the log."""
