"""Builders of events on their way: envelopes, and the messages and batches that carry them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from functions.common.envelope import (
    Envelope,
    PayloadReference,
    attributes_of,
    content_digest,
    encode,
    payload_digest,
    payload_key,
)
from functions.common.identifiers import new_id
from functions.common.replay import ReplayRequest, encode_replay, replay_attributes
from functions.processor.message import Message

BUCKET = "fluxa-test-payloads"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUEUED_AT = NOW - timedelta(milliseconds=500)

_numbers = count(1)


def an_envelope(event_id: str | None = None, *, payload: str = '{"n": 1}', **changes: Any) -> Envelope:
    """An event with its payload inline, accepted a second before `NOW`."""
    fields: dict[str, Any] = {
        "event_id": event_id or new_id(),
        "type": "order.created",
        "correlation_id": "c-1",
        "received_at": NOW - timedelta(seconds=1),
        "payload": payload,
        "payload_bytes": len(payload.encode("utf-8", "surrogatepass")),
        "payload_sha256": payload_digest(payload.encode("utf-8", "surrogatepass")),
    }
    return _with_content(Envelope(**fields | changes), changes)


def _with_content(envelope: Envelope, changes: dict[str, Any]) -> Envelope:
    """As ingest writes it, unless a test says otherwise."""
    if "content_sha256" in changes:
        return envelope
    return replace(envelope, content_sha256=content_digest(envelope))


def a_recent_envelope(event_id: str | None = None, **changes: Any) -> Envelope:
    """As `an_envelope`, accepted a second ago by this machine's clock: for a real database's partitions."""
    return an_envelope(event_id, **{"received_at": datetime.now(UTC) - timedelta(seconds=1)} | changes)


def an_offloaded_envelope(event_id: str | None = None, *, payload: str = '{"n": 1}', **changes: Any) -> Envelope:
    """An event whose payload lies in the bucket."""
    inline = an_envelope(event_id, payload=payload)
    key = payload_key(event_id=inline.event_id, payload_sha256=inline.payload_sha256, received_at=inline.received_at)
    reference = PayloadReference(bucket=BUCKET, key=key)
    return _with_content(replace(inline, payload=None, payload_ref=reference, **changes), changes)


def a_replay(event: Envelope, replay_id: str = "rebuild-1", **changes: Any) -> ReplayRequest:
    """What asks for a stored event once more."""
    fields: dict[str, Any] = {
        "replay_id": replay_id,
        "event_id": event.event_id,
        "received_at": event.received_at,
        "type": event.type,
        "correlation_id": event.correlation_id,
    }
    return ReplayRequest(**fields | changes)


def a_message(
    content: Envelope | ReplayRequest | str | None = None,
    *,
    receive_count: int = 1,
    queued_at: datetime = QUEUED_AT,
    redrive: str | None = None,
) -> Message:
    """A delivery of an envelope, of a replay, or of any body; from a redrive when that has an id."""
    number = next(_numbers)
    if content is None:
        content = an_envelope()
    if isinstance(content, str):
        body, given = content, {}
    elif isinstance(content, Envelope):
        body, given = encode(content), attributes_of(content)
    else:
        body, given = encode_replay(content), replay_attributes(content)
    attributes = {name: value["StringValue"] for name, value in given.items()}
    if redrive is not None:
        attributes["replay_id"] = redrive
    return Message(
        message_id=f"message-{number}",
        receipt_handle=f"receipt-{number}",
        body=body,
        receive_count=receive_count,
        attributes=attributes,
        queued_at=queued_at,
    )


def a_lambda_event(*messages: Message) -> dict[str, Any]:
    """What Lambda hands the processor for these messages."""
    return {"Records": [_record(message) for message in messages]}


def _record(message: Message) -> dict[str, Any]:
    return {
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receive_count),
            "SentTimestamp": str(round(message.queued_at.timestamp() * 1000)),
            "SenderId": "AROAEXAMPLE:ingest",
            "ApproximateFirstReceiveTimestamp": "1795780800010",
        },
        "messageAttributes": {
            name: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
            for name, value in message.attributes.items()
        },
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:events",
        "awsRegion": "us-east-1",
    }


def with_fields(envelope: Envelope, **fields: Any) -> str:
    """The body of an envelope with some fields overwritten, as ingest would never send it."""
    return json.dumps(json.loads(encode(envelope)) | fields)
