"""The queue message: how an event travels from ingest to the processor.

The body is one JSON object in ASCII, because SQS refuses characters outside XML's set and counts bytes.
The payload inside it is the client's own text, so that what is stored can be checked against its hash for ever.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from functions.common.errors import InvalidEnvelope
from functions.common.names import ENVELOPE_VERSION, PAYLOAD_PREFIX, MessageAttribute


@dataclass(frozen=True, kw_only=True, slots=True)
class PayloadReference:
    """Where a payload lies that is too large for the queue."""

    bucket: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One accepted event, with its payload or a reference to it: exactly one of the two."""

    event_id: str
    type: str
    correlation_id: str
    received_at: datetime
    """When ingest accepted the event, by ingest's clock, UTC."""
    payload_sha256: str
    """Of the payload's UTF-8 bytes, 64 hexadecimal digits."""
    payload_bytes: int
    source: str | None = None
    user_id: str | None = None
    schema_version: str | None = None
    occurred_at: datetime | None = None
    attributes: dict[str, str] | None = None
    """CloudEvents context attributes that have no field of their own, extensions among them."""
    payload: str | None = None
    """JSON text exactly as the client wrote it."""
    payload_ref: PayloadReference | None = None
    content_sha256: str | None = None
    """What `content_digest` says of it, 64 hexadecimal digits; None in a message from before there was one."""

    def __post_init__(self) -> None:
        if (self.payload is None) == (self.payload_ref is None):
            raise ValueError("an envelope carries either payload or payload_ref")


MessageAttributes = dict[str, Any]
"""As boto3 takes them: name → {DataType, StringValue}."""

_ENVELOPE = TypeAdapter(Envelope)


def encode(envelope: Envelope) -> str:
    """Return the message body: ASCII only, absent fields left out."""
    fields: dict[str, Any] = {
        "version": ENVELOPE_VERSION,
        "event_id": envelope.event_id,
        "type": envelope.type,
        "correlation_id": envelope.correlation_id,
        "received_at": envelope.received_at.isoformat(),
        "source": envelope.source,
        "user_id": envelope.user_id,
        "schema_version": envelope.schema_version,
        "occurred_at": envelope.occurred_at and envelope.occurred_at.isoformat(),
        "attributes": envelope.attributes,
        "payload_sha256": envelope.payload_sha256,
        "payload_bytes": envelope.payload_bytes,
        "content_sha256": envelope.content_sha256,
        "payload": envelope.payload,
        "payload_ref": envelope.payload_ref
        and {"bucket": envelope.payload_ref.bucket, "key": envelope.payload_ref.key},
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}, separators=(",", ":"))


def decode(body: str) -> Envelope:
    """Read a message body.

    Raises:
        InvalidEnvelope: It is not one that `encode` writes, or of a version this code does not know.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidEnvelope("The message body is not a JSON object.") from error
    if not isinstance(fields, dict):
        raise InvalidEnvelope("The message body is not a JSON object.")
    version = fields.pop("version", None)
    if version != ENVELOPE_VERSION:
        raise InvalidEnvelope(f"The envelope's version is {version!r:.40}, expected {ENVELOPE_VERSION!r}.")
    try:
        return _ENVELOPE.validate_python(fields)
    except ValidationError as error:
        # The values stay out of the message: errors end up in logs and in the dead-letter queue.
        wrong = ", ".join(".".join(map(str, item["loc"])) or "envelope" for item in error.errors(include_url=False))
        raise InvalidEnvelope(f"The envelope's fields are not valid: {wrong}.") from None


def attributes_of(envelope: Envelope) -> MessageAttributes:
    """Return the three message attributes; SQS allows ten, and dead-lettering adds its own."""
    values = {
        MessageAttribute.CORRELATION_ID: envelope.correlation_id,
        MessageAttribute.ENVELOPE_VERSION: ENVELOPE_VERSION,
        MessageAttribute.EVENT_TYPE: envelope.type,
    }
    return {name.value: {"DataType": "String", "StringValue": value} for name, value in values.items()}


def message_bytes(body: str, attributes: MessageAttributes) -> int:
    """Return what SQS counts: the UTF-8 bytes of the body and of each attribute's name, type and value.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    """
    return len(body.encode()) + sum(
        len(name.encode()) + len(attribute["DataType"].encode()) + _value_bytes(attribute)
        for name, attribute in attributes.items()
    )


def _value_bytes(attribute: Mapping[str, Any]) -> int:
    # Ours are texts; a message of somebody else's may carry bytes.
    return len(attribute["StringValue"].encode()) if "StringValue" in attribute else len(attribute["BinaryValue"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """What is compared of a payload."""

    length: int
    """In bytes."""
    sha256: str
    """64 hexadecimal digits."""


def digest_of(payload: bytes) -> Digest:
    """Return the digest of a payload that is at hand."""
    return Digest(length=len(payload), sha256=payload_digest(payload))


def payload_digest(payload: bytes) -> str:
    """Return the SHA-256 of a payload's bytes as 64 hexadecimal digits."""
    return hashlib.sha256(payload).hexdigest()


def content_digest(envelope: Envelope) -> str:
    """Return the SHA-256 of all that a client says in an event: what "the same content" means under one id.

    The payload counts by its bytes, `occurred_at` as ingest writes it, in UTC, and `attributes` without their order.
    When, and under which correlation id, the event was accepted is not content: a retry differs in both.
    """
    content = {
        "attributes": envelope.attributes or {},
        "occurred_at": envelope.occurred_at and envelope.occurred_at.isoformat(),
        "payload_sha256": envelope.payload_sha256,
        "schema_version": envelope.schema_version,
        "source": envelope.source,
        "type": envelope.type,
        "user_id": envelope.user_id,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def payload_key(*, event_id: str, payload_sha256: str, received_at: datetime) -> str:
    """Return the S3 key of a payload.

    It carries the hash, so that a retry with another body can never overwrite the object of a message in flight.
    """
    return f"{PAYLOAD_PREFIX}{received_at:%Y/%m/%d}/{event_id}/{payload_sha256}.json"
