"""A message counts wherever it is in a queue."""

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.queue_depth import SqsDepth
from functions.common.errors import QueueUnavailable

URLS = ["https://sqs/queue", "https://sqs/dead-letters"]
NAMES = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


@pytest.fixture
def stubber():
    client = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answer(stubber, url, *numbers):
    counts = {name: str(number) for name, number in zip(NAMES, numbers, strict=True)}
    stubber.add_response(
        "get_queue_attributes", {"Attributes": counts}, {"QueueUrl": url, "AttributeNames": tuple(NAMES)}
    )


def test_messages_are_counted_in_each_queue_in_the_order_they_pass_through(stubber):
    answer(stubber, URLS[0], 1, 20, 300)
    answer(stubber, URLS[1], 4_000, 0, 0)

    assert 4_321 == SqsDepth(lambda: stubber.client, URLS).waiting()


def test_a_queue_that_does_not_answer_is_not_an_empty_one(stubber):
    stubber.add_client_error("get_queue_attributes", "AccessDenied")

    with pytest.raises(QueueUnavailable, match=r"how many messages there are \(AccessDenied\)"):
        SqsDepth(lambda: stubber.client, URLS).waiting()
