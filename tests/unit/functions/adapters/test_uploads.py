"""Clients upload what they announced and nothing else; a payload is made of it by S3, after a look at what arrived."""

import base64
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from functions.adapters.uploads import UPLOAD_CONFIG, S3Uploads
from functions.common.errors import PayloadStoreUnavailable, UploadMismatch, UploadMissing
from functions.common.uploads import UploadReference

BUCKET = "payloads-1"
KEY = "payloads/2026/11/23/e-1/abc.json"
UPLOAD = UploadReference(upload_id="0193589e-8c3c-7c3e-9a64-6b0f0c3a1f52", sha256="ab" * 32, bytes=20_000_000)
CHECKSUM = base64.b64encode(b"\xab" * 32).decode()
HEAD = {"Bucket": BUCKET, "Key": UPLOAD.key, "ChecksumMode": "ENABLED"}
LIST = {"Bucket": BUCKET, "Prefix": UPLOAD.key, "MaxKeys": 1}
COPY = {
    "Bucket": BUCKET,
    "Key": KEY,
    "CopySource": {"Bucket": BUCKET, "Key": UPLOAD.key},
    "MetadataDirective": "REPLACE",
    "ContentType": "application/json",
    "ChecksumAlgorithm": "SHA256",
    "IfNoneMatch": "*",
}
AS_ANNOUNCED = {"ContentLength": UPLOAD.bytes, "ChecksumSHA256": CHECKSUM}


@pytest.fixture
def client():
    return boto3.client(
        "s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b", config=UPLOAD_CONFIG
    )


@pytest.fixture
def stubber(client):
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def uploads(client):
    return S3Uploads(lambda: client, BUCKET)


def test_the_url_is_for_one_object_of_one_size_and_hash_for_a_quarter_of_an_hour(uploads):
    offer = uploads.offer(UPLOAD)

    url = urlsplit(offer.url)
    query = parse_qs(url.query)
    assert (f"{BUCKET}.s3.eu-west-1.amazonaws.com", f"/{UPLOAD.key}") == (url.netloc, url.path)
    assert ["content-length;host;x-amz-checksum-sha256"] == query["X-Amz-SignedHeaders"]
    assert (["900"], 900) == (query["X-Amz-Expires"], offer.valid_seconds)


def test_the_headers_are_those_that_were_signed(uploads):
    assert {"Content-Length": "20000000", "x-amz-checksum-sha256": CHECKSUM} == uploads.offer(UPLOAD).headers


@pytest.mark.parametrize("change", [{"bytes": 20_000_001}, {"sha256": "ac" * 32}])
def test_another_size_or_hash_has_another_signature(uploads, change):
    one, other = (
        parse_qs(urlsplit(uploads.offer(upload).url).query)["X-Amz-Signature"]
        for upload in (UPLOAD, UPLOAD.model_copy(update=change))
    )

    assert one != other


def test_an_upload_is_compared_and_then_copied_without_what_else_its_sender_said(stubber, uploads):
    stubber.add_response("head_object", AS_ANNOUNCED, HEAD)
    stubber.add_response("copy_object", {}, COPY)

    uploads.take(UPLOAD, KEY)


def test_a_copy_that_was_made_before_is_as_good_as_made(stubber, uploads):
    stubber.add_response("head_object", AS_ANNOUNCED, HEAD)
    stubber.add_client_error("copy_object", "PreconditionFailed", http_status_code=412, expected_params=COPY)

    uploads.take(UPLOAD, KEY)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ContentLength": 19_999_999}, "payload_ref.bytes"),
        ({"ChecksumSHA256": base64.b64encode(b"\xac" * 32).decode()}, "payload_ref.sha256"),
        # Of parts: a hash of hashes.
        ({"ChecksumSHA256": f"{CHECKSUM}-2"}, "payload_ref.sha256"),
    ],
)
def test_what_is_not_as_announced_is_never_copied(stubber, uploads, change, field):
    stubber.add_response("head_object", AS_ANNOUNCED | change, HEAD)

    with pytest.raises(UploadMismatch) as refused:
        uploads.take(UPLOAD, KEY)
    assert [field] == [problem.field for problem in refused.value.problems]


def test_an_object_without_a_checksum_is_not_taken_on_trust(stubber, uploads):
    stubber.add_response("head_object", {"ContentLength": UPLOAD.bytes}, HEAD)

    with pytest.raises(UploadMismatch, match="SHA-256"):
        uploads.take(UPLOAD, KEY)


@pytest.mark.parametrize("code", ["404", "403"])
def test_a_missing_upload_is_told_from_a_refused_one_by_the_list_of_uploads(stubber, uploads, code):
    """S3 answers 403 for what does not exist to whoever may not list the whole bucket."""
    stubber.add_client_error("head_object", code, http_status_code=int(code), expected_params=HEAD)
    stubber.add_response("list_objects_v2", {"KeyCount": 0}, LIST)

    with pytest.raises(UploadMissing, match="Nothing was uploaded"):
        uploads.take(UPLOAD, KEY)


def test_an_upload_that_we_are_refused_is_our_fault(stubber, uploads):
    stubber.add_client_error("head_object", "403", http_status_code=403, expected_params=HEAD)
    stubber.add_response("list_objects_v2", {"KeyCount": 1}, LIST)

    with pytest.raises(PayloadStoreUnavailable, match="403"):
        uploads.take(UPLOAD, KEY)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "KMS.DisabledException"])
def test_a_copy_that_is_refused_may_pass(stubber, uploads, code):
    stubber.add_response("head_object", AS_ANNOUNCED, HEAD)
    stubber.add_client_error("copy_object", code, expected_params=COPY)

    with pytest.raises(PayloadStoreUnavailable, match=code):
        uploads.take(UPLOAD, KEY)


def test_s3_that_does_not_answer_may_answer_later(uploads, client, monkeypatch):
    def silent(**_):
        raise ReadTimeoutError(endpoint_url="s3")

    monkeypatch.setattr(client, "head_object", silent)

    with pytest.raises(PayloadStoreUnavailable, match="did not answer"):
        uploads.take(UPLOAD, KEY)


def test_no_client_is_made_before_the_first_upload():
    S3Uploads(lambda: pytest.fail("a client was made"), BUCKET)
