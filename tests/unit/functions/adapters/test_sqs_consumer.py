"""Parking and delaying: what SQS is asked, and what its refusals become."""

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.sqs_consumer import SqsSource
from functions.common.errors import QueueUnavailable
from functions.processor.ports import Delay

QUEUE, DEAD_LETTERS = "https://sqs/1/events", "https://sqs/1/dead-letters"
ATTRIBUTES = {"dead_letter_reason": {"DataType": "String", "StringValue": "out_of_stock"}}


@pytest.fixture
def stubber():
    client = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def source(stubber):
    return SqsSource(stubber.client, queue_url=QUEUE, dead_letter_queue_url=DEAD_LETTERS)


def a_request(*delays):
    return {
        "QueueUrl": QUEUE,
        "Entries": [
            {"Id": str(position), "ReceiptHandle": delay.receipt_handle, "VisibilityTimeout": delay.seconds}
            for position, delay in enumerate(delays)
        ],
    }


def test_a_parked_message_goes_to_the_dead_letter_queue_with_its_reason(stubber, source):
    request = {"QueueUrl": DEAD_LETTERS, "MessageBody": "body", "MessageAttributes": ATTRIBUTES}
    stubber.add_response("send_message", {"MessageId": "m"}, request)

    source.park("body", ATTRIBUTES, within_seconds=5)


def test_a_message_that_could_not_be_parked_is_known(stubber, source):
    stubber.add_client_error("send_message", "AccessDenied")

    with pytest.raises(QueueUnavailable, match="dead-letter queue"):
        source.park("body", ATTRIBUTES, within_seconds=5)


def test_delays_are_sent_ten_at_a_time(stubber, source):
    delays = [Delay(receipt_handle=f"r-{number}", seconds=number) for number in range(12)]
    stubber.add_response("change_message_visibility_batch", {"Successful": [], "Failed": []}, a_request(*delays[:10]))
    stubber.add_response("change_message_visibility_batch", {"Successful": [], "Failed": []}, a_request(*delays[10:]))

    source.delay(delays, within_seconds=5)


def test_one_refused_delay_is_reported(stubber, source):
    failed = [{"Id": "0", "SenderFault": True, "Code": "ReceiptHandleIsInvalid"}]
    stubber.add_response("change_message_visibility_batch", {"Successful": [], "Failed": failed})

    with pytest.raises(QueueUnavailable, match="1 of 1 messages"):
        source.delay([Delay(receipt_handle="r", seconds=1)], within_seconds=5)


def test_a_throttled_delay_is_reported(stubber, source):
    stubber.add_client_error("change_message_visibility_batch", "RequestThrottled")

    with pytest.raises(QueueUnavailable, match="did not change"):
        source.delay([Delay(receipt_handle="r", seconds=1)], within_seconds=5)
