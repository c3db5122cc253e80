"""Accepts one event: makes its envelope and hands it over, in the queue or beside it in S3."""

from dataclasses import dataclass, replace

from functions.common.envelope import (
    Envelope,
    MessageAttributes,
    PayloadReference,
    attributes_of,
    content_digest,
    encode,
    message_bytes,
    payload_digest,
    payload_key,
)
from functions.common.identifiers import new_id
from functions.common.uploads import UploadReference
from functions.ingest.incoming import IncomingEvent
from functions.ingest.ports import Clock, Gate, OutgoingMessage, PayloadStore, Queue, UploadStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Accepted:
    """An event that the queue has acknowledged."""

    event_id: str
    payload_bytes: int
    offloaded: bool
    """The payload went through S3."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """An event that is ready to be handed over."""

    envelope: Envelope
    message: OutgoingMessage
    offloaded: bytes | UploadReference | None
    """A payload that has to be stored before the message is sent; None when the message carries it."""


@dataclass(frozen=True, kw_only=True)
class Acceptor:
    """The use case behind `POST /events`."""

    queue: Queue
    payloads: PayloadStore
    uploads: UploadStore
    clock: Clock
    inline_limit_bytes: int
    """A message larger than this, as SQS counts it, leaves its payload in S3."""
    gate: Gate | None = None
    """None where the stack holds no payload to a schema."""

    def accept(self, event: IncomingEvent, *, correlation_id: str) -> Accepted:
        """Return once the event is safe.

        The object is stored before the message is sent: a crash in between leaves an object nobody refers to,
        whereas the other order would leave a message without its payload.

        Raises:
            PermanentError: As `prepare` and `store_payload`.
            TransientError: As `store_payload`.
            QueueUnavailable: SQS did not acknowledge the message.
        """
        prepared = self.prepare(event, correlation_id=correlation_id)
        self.store_payload(prepared)
        self.queue.send(prepared.message.body, prepared.message.attributes)
        return Accepted(
            event_id=prepared.envelope.event_id,
            payload_bytes=prepared.envelope.payload_bytes,
            offloaded=prepared.offloaded is not None,
        )

    def prepare(self, event: IncomingEvent, *, correlation_id: str) -> Prepared:
        """Make the event's message; asks nobody.

        Raises:
            PermanentError: The stack's gate does not let the event pass.
        """
        if self.gate is not None:
            self.gate.check(event)
        payload = event.payload.encode() if isinstance(event.payload, str) else event.payload
        envelope = self._envelope(event, payload, correlation_id)
        attributes = attributes_of(envelope)
        body = self._inline(envelope, attributes)
        offloaded = body is None
        return Prepared(
            envelope=envelope,
            message=OutgoingMessage(body=body or encode(self._refer(envelope)), attributes=attributes),
            offloaded=payload if offloaded else None,
        )

    def store_payload(self, prepared: Prepared) -> None:
        """Store the payload unless the message carries it.

        Raises:
            UploadMissing: There is no such upload.
            UploadMismatch: The upload is not what the event says.
            PayloadStoreUnavailable: S3 did not take it.
            OutOfTime: S3 took too long.
        """
        if isinstance(prepared.offloaded, UploadReference):
            self.uploads.take(prepared.offloaded, _key(prepared.envelope))
        elif prepared.offloaded is not None:
            self.payloads.put_new(_key(prepared.envelope), prepared.offloaded, prepared.envelope.payload_sha256)

    def _envelope(self, event: IncomingEvent, payload: bytes | UploadReference, correlation_id: str) -> Envelope:
        event_id, received_at = event.fields.event_id or new_id(), self.clock()
        if isinstance(payload, UploadReference):
            size, sha256 = payload.bytes, payload.sha256
        else:
            size, sha256 = len(payload), payload_digest(payload)
        inline = event.payload if isinstance(event.payload, str) else None
        key = payload_key(event_id=event_id, payload_sha256=sha256, received_at=received_at)
        envelope = Envelope(
            event_id=event_id,
            type=event.fields.type,
            correlation_id=correlation_id,
            received_at=received_at,
            source=event.fields.source,
            user_id=event.fields.user_id,
            schema_version=event.fields.schema_version,
            occurred_at=event.fields.occurred_at,
            attributes=event.attributes,
            payload=inline,
            payload_ref=PayloadReference(bucket=self.payloads.bucket, key=key) if inline is None else None,
            payload_bytes=size,
            payload_sha256=sha256,
        )
        return replace(envelope, content_sha256=content_digest(envelope))

    def _inline(self, envelope: Envelope, attributes: MessageAttributes) -> str | None:
        """Return the message body, or None when it would be too large to carry its payload."""
        if envelope.payload is None:
            return None
        # The encoded message is never smaller than the payload, so a large payload need not be encoded to know.
        if envelope.payload_bytes > self.inline_limit_bytes:
            return None
        body = encode(envelope)
        return body if message_bytes(body, attributes) <= self.inline_limit_bytes else None

    def _refer(self, envelope: Envelope) -> Envelope:
        reference = PayloadReference(bucket=self.payloads.bucket, key=_key(envelope))
        return replace(envelope, payload=None, payload_ref=reference)


def _key(envelope: Envelope) -> str:
    return payload_key(
        event_id=envelope.event_id, payload_sha256=envelope.payload_sha256, received_at=envelope.received_at
    )
