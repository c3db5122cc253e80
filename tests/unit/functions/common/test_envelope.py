"""The queue message, and the size at which a payload leaves it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.envelope import (
    Envelope,
    PayloadReference,
    attributes_of,
    decode,
    encode,
    message_bytes,
    payload_digest,
)
from functions.common.errors import InvalidEnvelope
from functions.common.events import EventFields
from functions.ingest.accept import Acceptor
from functions.ingest.incoming import IncomingEvent
from tests.support.ingest_fakes import NOW, FakePayloads, FakeQueue, FakeUploads

AN_ENVELOPE = Envelope(
    event_id="e-1",
    type="order.created",
    correlation_id="c-1",
    received_at=NOW,
    payload_sha256=payload_digest(b"1"),
    payload_bytes=1,
    payload="1",
)


@given(
    st.text().map(json.dumps),
    st.text() | st.none(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.dictionaries(st.text(min_size=1), st.text()),
)
def test_an_envelope_survives_the_queue(
    payload: str, source: str | None, occurred_at: datetime | None, attributes: dict[str, str] | None
) -> None:
    envelope = replace(AN_ENVELOPE, payload=payload, source=source, occurred_at=occurred_at, attributes=attributes)

    body = encode(envelope)

    assert envelope == decode(body)
    assert body.isascii()


def test_a_reference_survives_the_queue() -> None:
    envelope = replace(AN_ENVELOPE, payload=None, payload_ref=PayloadReference(bucket="b", key="k"))

    assert envelope == decode(encode(envelope))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ("[" * 100_000, "not a JSON object"),
        ("{}", "version is None"),
        ('{"version":"2"}', "version is '2'"),
        ('{"version":"1","event_id":"e"}', "type"),
        (encode(AN_ENVELOPE).replace('"payload":"1"', '"payload":1'), "payload"),
        (encode(AN_ENVELOPE).replace(',"payload":"1"', ""), "envelope"),
    ],
)
def test_a_message_that_is_not_ours_is_refused_without_its_values(body: str, reason: str) -> None:
    with pytest.raises(InvalidEnvelope, match=reason):
        decode(body)


LIMIT = 2_000


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.integers(min_value=-3, max_value=3),
    st.booleans(),
)
def test_the_boundary_between_queue_and_s3_is_exact_in_bytes(seed: str, distance: int, ascii_escapes: bool) -> None:
    """A message of exactly the limit, attributes included, travels inline; one byte more goes through S3."""
    filler = LIMIT + distance - _inline_size(json.dumps(seed, ensure_ascii=ascii_escapes))
    if filler < 0:
        return
    payload = json.dumps(seed + "x" * filler, ensure_ascii=ascii_escapes)
    # The digits of payload_bytes count too, so the filler may have to give some of them back.
    while (excess := _inline_size(payload) - (LIMIT + distance)) > 0:
        payload = payload[: -1 - excess] + '"'

    queue, payloads = FakeQueue(), FakePayloads()
    Acceptor(queue=queue, payloads=payloads, uploads=FakeUploads(), clock=lambda: NOW, inline_limit_bytes=LIMIT).accept(
        _incoming(payload), correlation_id="c"
    )

    [(body, attributes)] = queue.sent
    fits = _inline_size(payload) <= LIMIT
    assert fits == (decode(body).payload is not None)
    assert fits == (not payloads.stored)
    assert message_bytes(body, attributes) <= LIMIT


def _incoming(payload: str) -> IncomingEvent:
    return IncomingEvent(fields=EventFields(event_id="e", type="t"), payload=payload)


def _inline_size(payload: str) -> int:
    envelope = Envelope(
        event_id="e",
        type="t",
        correlation_id="c",
        received_at=NOW,
        payload_sha256=payload_digest(payload.encode()),
        payload_bytes=len(payload.encode()),
        payload=payload,
        content_sha256="0" * 64,
    )
    return message_bytes(encode(envelope), attributes_of(envelope))
