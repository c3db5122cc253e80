"""Whether SQS answers, asked once and without taking a message."""

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from functions.adapters.reachability import PROBE_CONFIG, SqsReachable
from functions.common.errors import QueueUnavailable

QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/events"


@pytest.fixture
def sqs():
    return boto3.client(
        "sqs",
        region_name="us-east-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=PROBE_CONFIG,
    )


def test_a_queue_that_answers_is_reachable(sqs):
    with Stubber(sqs) as stub:
        expected = {"QueueUrl": QUEUE_URL, "AttributeNames": ["QueueArn"]}
        stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": "arn"}}, expected)

        assert SqsReachable(lambda: sqs, QUEUE_URL).check() is None


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.NonExistentQueue", "AccessDenied", "InternalError"])
def test_a_queue_that_refuses_is_not_reachable(sqs, code):
    with Stubber(sqs) as stub:
        stub.add_client_error("get_queue_attributes", service_error_code=code)

        with pytest.raises(QueueUnavailable, match="SQS did not answer"):
            SqsReachable(lambda: sqs, QUEUE_URL).check()


class DeadSqs:
    def get_queue_attributes(self, **_):
        raise EndpointConnectionError(endpoint_url=QUEUE_URL)


def test_a_queue_that_cannot_be_connected_to_is_not_reachable():
    with pytest.raises(QueueUnavailable, match="SQS did not answer"):
        SqsReachable(DeadSqs, QUEUE_URL).check()
