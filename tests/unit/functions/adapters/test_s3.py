"""Payloads go to S3 once and come back whole; every way S3 says no becomes one of two errors."""

import base64
import hashlib
import io
import time
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber

from functions.adapters.s3 import S3Payloads
from functions.common.envelope import PayloadReference
from functions.common.errors import (
    OutOfTime,
    PayloadArchived,
    PayloadMissing,
    PayloadReferenceRefused,
    PayloadStoreUnavailable,
)

BUCKET = "payloads-1"
KEY = "payloads/2026/11/23/e-1/abc.json"
BODY = b'{"n": 1}'
REFERENCE = PayloadReference(bucket=BUCKET, key=KEY)
SHA256 = hashlib.sha256(BODY)
PUT = {
    "Bucket": BUCKET,
    "Key": KEY,
    "Body": BODY,
    "ContentType": "application/json",
    "ChecksumSHA256": base64.b64encode(SHA256.digest()).decode(),
    "IfNoneMatch": "*",
}
GET = {"Bucket": BUCKET, "Key": KEY}


@pytest.fixture
def client():
    return boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(signature_version="s3v4"),
    )


@pytest.fixture
def stubber(client):
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def payloads(client):
    return S3Payloads(client, BUCKET)


def a_body(content, *, announced=None):
    return StreamingBody(io.BytesIO(content), len(content) if announced is None else announced)


def test_a_payload_is_stored_once_with_its_checksum(stubber, payloads):
    stubber.add_response("put_object", {}, PUT)

    payloads.put_new(KEY, BODY, SHA256.hexdigest())


def test_a_payload_that_is_there_already_is_as_good_as_stored(stubber, payloads):
    stubber.add_client_error("put_object", "PreconditionFailed", http_status_code=412, expected_params=PUT)

    payloads.put_new(KEY, BODY, SHA256.hexdigest())


@pytest.mark.parametrize("code", ["SlowDown", "AccessDenied", "ConditionalRequestConflict", "InternalError"])
def test_a_payload_that_is_not_stored_is_an_error_that_may_pass(stubber, payloads, code):
    stubber.add_client_error("put_object", code, expected_params=PUT)

    with pytest.raises(PayloadStoreUnavailable, match=code):
        payloads.put_new(KEY, BODY, SHA256.hexdigest())


@pytest.mark.parametrize(("expected_bytes", "read"), [(100, 8), (8, 8), (7, 8), (3, 4), (0, 1)])
def test_no_more_than_one_byte_beyond_the_expected_is_read(stubber, payloads, expected_bytes, read):
    stubber.add_response("get_object", {"Body": a_body(BODY)}, GET)

    assert BODY[:read] == payloads.get(REFERENCE, expected_bytes=expected_bytes)


def test_a_large_payload_arrives_whole(stubber, payloads):
    content = bytes(range(256)) * 16_000
    stubber.add_response("get_object", {"Body": a_body(content)}, GET)

    assert content == payloads.get(REFERENCE, expected_bytes=len(content))


@pytest.mark.parametrize("code", ["NoSuchKey", "404"])
def test_a_missing_payload_has_an_error_of_its_own(stubber, payloads, code):
    stubber.add_client_error("get_object", code, http_status_code=404, expected_params=GET)

    with pytest.raises(PayloadMissing, match="does not exist"):
        payloads.get(REFERENCE, expected_bytes=8)


def test_an_archived_payload_says_what_to_restore_and_what_to_do_then(stubber, payloads):
    stubber.add_client_error("get_object", "InvalidObjectState", http_status_code=403, expected_params=GET)

    with pytest.raises(PayloadArchived, match=rf"restore {KEY} with .*, then redrive the message"):
        payloads.get(REFERENCE, expected_bytes=8)


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "SlowDown", "KMS.DisabledException"])
def test_every_other_refusal_may_pass(stubber, payloads, code):
    stubber.add_client_error("get_object", code, expected_params=GET)

    with pytest.raises(PayloadStoreUnavailable, match=code):
        payloads.get(REFERENCE, expected_bytes=8)


def test_a_payload_that_breaks_off_is_read_again_later(stubber, payloads):
    stubber.add_response("get_object", {"Body": a_body(BODY[:4], announced=8)}, GET)

    with pytest.raises(PayloadStoreUnavailable, match="broke off"):
        payloads.get(REFERENCE, expected_bytes=8)


def test_a_payload_that_drips_is_given_up(stubber, payloads):
    class Dripping(io.RawIOBase):
        def read(self, _size=-1):
            time.sleep(10)

    # The first call loads botocore's own files; interrupted there, it would leave one of them open.
    stubber.add_response("get_object", {"Body": a_body(BODY)}, GET)
    payloads.get(REFERENCE, expected_bytes=8)
    stubber.add_response("get_object", {"Body": StreamingBody(Dripping(), 8)}, GET)

    with pytest.raises(OutOfTime, match=r"within 0\.3 s"):
        payloads.get(REFERENCE, expected_bytes=8, within_seconds=0.3)


def test_a_bucket_that_changed_hands_is_noticed_when_its_owner_is_known(client, stubber):
    stubber.add_response("get_object", {"Body": a_body(BODY)}, {**GET, "ExpectedBucketOwner": "111111111111"})
    stubber.add_response("put_object", {}, {**PUT, "ExpectedBucketOwner": "111111111111"})
    payloads = S3Payloads(client, BUCKET, expected_owner="111111111111")

    payloads.get(REFERENCE, expected_bytes=8)
    payloads.put_new(KEY, BODY, SHA256.hexdigest())


def test_a_link_is_signed_and_short_lived(payloads):
    link = urlsplit(payloads.link(REFERENCE))
    query = parse_qs(link.query)

    assert link.path.endswith(KEY)
    assert (["900"], ["AWS4-HMAC-SHA256"]) == (query["X-Amz-Expires"], query["X-Amz-Algorithm"])


@pytest.mark.parametrize(
    "reference",
    [PayloadReference(bucket="other", key=KEY), PayloadReference(bucket=BUCKET, key="private/e-1.json")],
    ids=["bucket", "prefix"],
)
def test_no_link_leads_outside_the_payloads(payloads, reference):
    with pytest.raises(PayloadReferenceRefused, match="outside"):
        payloads.link(reference)
