"""An object in an archive, in the real emulator: told from one that is missing and from a bucket that is down."""

import pytest

from fluxa.local.emulator import Emulator
from functions.adapters.s3 import S3Payloads
from functions.common.errors import PayloadArchived
from tests.support.envelopes import a_message, an_offloaded_envelope
from tests.support.fakes_processor import Stage

PAYLOAD = '{"n": 1}'


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_event_whose_payload_is_archived_is_parked_at_once_and_says_what_to_do(
    emulator: Emulator, storage_class: str
):
    s3 = emulator.client("s3")
    envelope = an_offloaded_envelope("e-1", payload=PAYLOAD)
    assert envelope.payload_ref is not None
    bucket, key = envelope.payload_ref.bucket, envelope.payload_ref.key
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=PAYLOAD.encode(), StorageClass=storage_class)
    stage = Stage()
    stage.payloads = S3Payloads(s3, bucket)

    (result,) = stage.run(a_message(envelope))

    assert ("dead_lettered", PayloadArchived.code) == (result.outcome, result.reason)
    assert f"restore {key}" in stage.queue.parked[0][1]["dead_letter_error"]


def test_a_class_that_answers_at_once_is_read_as_ever(emulator: Emulator):
    s3 = emulator.client("s3")
    envelope = an_offloaded_envelope("e-2", payload=PAYLOAD)
    assert envelope.payload_ref is not None
    s3.create_bucket(Bucket=envelope.payload_ref.bucket)
    s3.put_object(
        Bucket=envelope.payload_ref.bucket,
        Key=envelope.payload_ref.key,
        Body=PAYLOAD.encode(),
        StorageClass="GLACIER_IR",
    )

    payload = S3Payloads(s3, envelope.payload_ref.bucket).get(envelope.payload_ref, expected_bytes=len(PAYLOAD))

    assert PAYLOAD.encode() == payload
