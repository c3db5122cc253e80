"""Reads a message's envelope and proves that its payload is the one that was accepted, before anything else happens."""

import re
from dataclasses import replace

from functions.common.envelope import Envelope, PayloadReference, content_digest, decode, payload_digest
from functions.common.errors import InvalidEnvelope, PayloadHashMismatch, PayloadReferenceRefused
from functions.common.identifiers import is_identifier
from functions.common.names import PAYLOAD_PREFIX
from functions.processor.ports import PayloadStore

_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_envelope(body: str) -> Envelope:
    """Read a message's body; the envelope that is returned has a `content_sha256` whether the message had or not.

    Raises:
        InvalidEnvelope: Ingest did not write it.
    """
    envelope = decode(body)
    content_sha256 = content_digest(envelope)
    wrong = [
        name
        for name, holds in {
            "event_id": is_identifier(envelope.event_id),
            "correlation_id": is_identifier(envelope.correlation_id),
            "received_at": envelope.received_at.tzinfo is not None,
            "payload_sha256": _SHA256.fullmatch(envelope.payload_sha256) is not None,
            "payload_bytes": envelope.payload_bytes >= 0,
            "content_sha256": envelope.content_sha256 in {None, content_sha256},
        }.items()
        if not holds
    ]
    if wrong:
        raise InvalidEnvelope(f"The envelope's fields are not valid: {', '.join(wrong)}.")
    return envelope if envelope.content_sha256 else replace(envelope, content_sha256=content_sha256)


def check_payload(envelope: Envelope, payload: bytes) -> None:
    """Compare length, then hash, with what ingest accepted.

    Raises:
        PayloadHashMismatch: One of them differs.
    """
    if len(payload) != envelope.payload_bytes:
        raise PayloadHashMismatch(
            f"The payload has {_count(envelope, payload)} bytes, {envelope.payload_bytes} were accepted."
        )
    if payload_digest(payload) != envelope.payload_sha256:
        raise PayloadHashMismatch("The payload's SHA-256 is not the one that was accepted.")


def inline_payload(payload: str) -> bytes:
    """Return the bytes of a payload that travelled in the message.

    Raises:
        PayloadHashMismatch: No bytes could have become this text.
    """
    try:
        return payload.encode()
    except UnicodeEncodeError as error:
        raise PayloadHashMismatch("The payload is no Unicode text.") from error


def fetch_payload(
    envelope: Envelope, reference: PayloadReference, payloads: PayloadStore, *, within_seconds: float
) -> bytes:
    """Return a payload that lies in the bucket, proven.

    Raises:
        PayloadReferenceRefused: The reference points elsewhere.
        PayloadHashMismatch: The payload is not the one that was accepted.
        FluxaError: Whatever the payload store raises.
    """
    check_reference(envelope, reference, bucket=payloads.bucket)
    payload = payloads.get(reference, expected_bytes=envelope.payload_bytes, within_seconds=within_seconds)
    check_payload(envelope, payload)
    return payload


def check_reference(envelope: Envelope, reference: PayloadReference, *, bucket: str) -> None:
    """Make sure that a message makes us read this event's own object and no other: our rights are not its writer's.

    Raises:
        PayloadReferenceRefused: It points elsewhere.
    """
    own = f"/{envelope.event_id}/{envelope.payload_sha256}.json"
    if reference.bucket != bucket or not reference.key.startswith(PAYLOAD_PREFIX) or not reference.key.endswith(own):
        raise PayloadReferenceRefused("The payload reference does not point at this event's own object.")


def _count(envelope: Envelope, payload: bytes) -> str:
    # Of an object that is too long, one byte more than expected was fetched.
    return f"more than {envelope.payload_bytes}" if len(payload) > envelope.payload_bytes else str(len(payload))
