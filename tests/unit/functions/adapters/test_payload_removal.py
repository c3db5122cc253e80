"""What S3 is asked to remove, and that a refusal inside a friendly answer is heard."""

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.payload_removal import S3Removal
from functions.common.errors import PayloadStoreUnavailable

REQUEST = {"Bucket": "payloads", "Delete": {"Objects": [{"Key": "one"}, {"Key": "two"}], "Quiet": True}}


@pytest.fixture
def stubber():
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def remove(stubber, *keys):
    S3Removal(lambda: stubber.client, "payloads").remove(keys)


def test_all_keys_go_in_one_call(stubber):
    stubber.add_response("delete_objects", {}, REQUEST)

    remove(stubber, "one", "two")


def test_without_keys_nobody_is_asked(stubber):
    remove(stubber)


def test_an_object_that_was_not_removed_is_not_passed_over(stubber):
    stubber.add_response("delete_objects", {"Errors": [{"Key": "two", "Code": "AccessDenied"}]}, REQUEST)

    with pytest.raises(PayloadStoreUnavailable, match=r"did not remove 1 of 2 payloads \(AccessDenied\)"):
        remove(stubber, "one", "two")


def test_a_bucket_that_does_not_answer_has_removed_nothing(stubber):
    stubber.add_client_error("delete_objects", "SlowDown", expected_params=REQUEST)

    with pytest.raises(PayloadStoreUnavailable, match=r"removed no payload \(SlowDown\)"):
        remove(stubber, "one", "two")
