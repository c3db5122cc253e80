"""A message of the dead-letter queue, read as far as it is ours."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from functions.common.envelope import Envelope, decode
from functions.common.errors import InvalidEnvelope
from functions.common.names import DeadLetterAttribute, MessageAttribute
from functions.common.replay import ReplayRequest, decode_replay

NO_REASON = "none"
"""What stands for a message that SQS moved by itself, after too many deliveries."""

_ADDED = frozenset(attribute.value for attribute in DeadLetterAttribute)


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """One message."""

    message_id: str
    receipt: str = field(repr=False)
    body: str = field(repr=False)
    attributes: Mapping[str, Any]
    """As boto3 gives and takes them."""
    sent_at: datetime
    """When the processor sent it here, or ingest to the main queue if SQS moved it. It expires counting from then."""
    envelope: Envelope | None = field(repr=False)
    """None for a message that asks for a replay, and for one that this version did not write: that is foreign."""
    replay: ReplayRequest | None = None
    """What a message asks for that names a stored event."""

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Self:
        """Read what `receive_message` brought."""
        envelope = replay = None
        with suppress(InvalidEnvelope):
            replay = decode_replay(message["Body"])
            envelope = decode(message["Body"]) if replay is None else None
        return cls(
            message_id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            body=message["Body"],
            attributes=message.get("MessageAttributes", {}),
            sent_at=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
            envelope=envelope,
            replay=replay,
        )

    @property
    def is_foreign(self) -> bool:
        return self._read is None

    @property
    def reason(self) -> str:
        return self._text(DeadLetterAttribute.REASON) or NO_REASON

    @property
    def error(self) -> str | None:
        return self._text(DeadLetterAttribute.ERROR)

    @property
    def event_id(self) -> str | None:
        return self._read.event_id if self._read else None

    @property
    def type(self) -> str | None:
        return self._read.type if self._read else None

    @property
    def replay_id(self) -> str | None:
        """The replay that asked for the event, or the redrive that sent the message again before."""
        return self.replay.replay_id if self.replay else self._text(MessageAttribute.REPLAY_ID)

    @property
    def identity(self) -> tuple[str, str]:
        """The event and its content, or the event and its replay; a foreign message is only like itself."""
        if self.replay is not None:
            return (self.replay.event_id, self.replay.replay_id)
        if self.envelope is None:
            return ("", self.message_id)
        return (self.envelope.event_id, self.envelope.payload_sha256)

    def own_attributes(self) -> dict[str, Any]:
        """Return the attributes it had on the main queue, as `send_message` takes them."""
        return {
            name: {key: attribute[key] for key in ("DataType", "StringValue", "BinaryValue") if key in attribute}
            for name, attribute in self.attributes.items()
            if name not in _ADDED
        }

    def document(self) -> dict[str, Any]:
        """Return what is known of it, apart from its payload."""
        read = self._read
        known: dict[str, Any] = {
            "message_id": self.message_id,
            "sent_at": self.sent_at.isoformat(),
            "foreign": self.is_foreign,
            "reason": self.reason,
            "error": self.error,
        }
        if self.replay_id is not None:
            known["replay_id"] = self.replay_id
        if read is None:
            return known
        known |= {
            "event_id": read.event_id,
            "type": read.type,
            "correlation_id": read.correlation_id,
            "received_at": read.received_at.isoformat(),
        }
        if isinstance(read, ReplayRequest):
            return known
        return known | {"source": read.source, "user_id": read.user_id, "payload_bytes": read.payload_bytes}

    @property
    def _read(self) -> Envelope | ReplayRequest | None:
        return self.envelope or self.replay

    def _text(self, name: str) -> str | None:
        value = self.attributes.get(name, {}).get("StringValue")
        return value if isinstance(value, str) else None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which messages are meant; without a condition, all."""

    reason: str | None = None
    type: str | None = None
    ids: frozenset[str] = frozenset()
    """Of events or of messages."""

    def matches(self, letter: DeadLetter) -> bool:
        """Tell whether a message is meant."""
        return (
            (self.reason is None or letter.reason == self.reason)
            and (self.type is None or letter.type == self.type)
            and (not self.ids or letter.event_id in self.ids or letter.message_id in self.ids)
        )
