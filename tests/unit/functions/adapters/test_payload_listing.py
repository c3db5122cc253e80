"""A day's payloads are listed to the end, and no other day's."""

from datetime import UTC, date, datetime

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.payload_listing import S3Listing
from functions.common.errors import PayloadStoreUnavailable
from functions.maintenance.ports import PayloadObject

DAY = date(2026, 1, 2)
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
REQUEST = {"Bucket": "payloads", "Prefix": "payloads/2026/01/02/"}


@pytest.fixture
def stubber():
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def listed(stubber):
    return [list(page) for page in S3Listing(lambda: stubber.client, "payloads").of_day(DAY)]


def test_every_page_of_a_day_is_listed(stubber):
    stubber.add_response(
        "list_objects_v2",
        {"Contents": [{"Key": "one", "LastModified": AT}], "IsTruncated": True, "NextContinuationToken": "more"},
        REQUEST,
    )
    stubber.add_response(
        "list_objects_v2", {"Contents": [{"Key": "two", "LastModified": AT}]}, {**REQUEST, "ContinuationToken": "more"}
    )

    assert [[PayloadObject(key="one", stored_at=AT)], [PayloadObject(key="two", stored_at=AT)]] == listed(stubber)


def test_a_day_without_payloads_is_an_empty_page(stubber):
    stubber.add_response("list_objects_v2", {"KeyCount": 0}, REQUEST)

    assert [[]] == listed(stubber)


def test_a_bucket_that_does_not_answer_is_not_an_empty_one(stubber):
    stubber.add_client_error("list_objects_v2", "AccessDenied", expected_params=REQUEST)

    with pytest.raises(PayloadStoreUnavailable, match=r"did not list the payloads \(AccessDenied\)"):
        listed(stubber)
