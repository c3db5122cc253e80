"""Sending: how messages are divided among calls, and what becomes of SQS's refusals."""

from itertools import pairwise

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.sqs import SqsQueue
from functions.common.envelope import message_bytes
from functions.common.sqs_batches import BYTES_PER_CALL, ENTRIES_PER_CALL, split
from functions.ingest.ports import OutgoingMessage

QUEUE = "https://sqs/1/events"
ATTRIBUTES = {"event_type": {"DataType": "String", "StringValue": "t"}}
LIMIT = 20.0


@given(st.lists(st.integers(min_value=1, max_value=BYTES_PER_CALL) | st.integers(min_value=1, max_value=400)))
def test_no_call_is_too_large_and_the_order_stays(sizes):
    groups = list(split((number, size) for number, size in enumerate(sizes)))

    assert list(range(len(sizes))) == [number for group in groups for number in group]
    assert all(1 <= len(group) <= ENTRIES_PER_CALL for group in groups)
    assert all(sum(sizes[number] for number in group) <= BYTES_PER_CALL for group in groups)


@given(st.lists(st.integers(min_value=1, max_value=BYTES_PER_CALL), min_size=2))
def test_no_two_neighbouring_calls_could_have_been_one(sizes):
    groups = list(split(enumerate(sizes)))

    for one, next_one in pairwise(groups):
        fits = sum(sizes[number] for number in one) + sizes[next_one[0]] <= BYTES_PER_CALL
        assert len(one) == ENTRIES_PER_CALL or not fits


def test_what_no_call_can_carry_is_sent_by_itself_for_sqs_to_refuse():
    assert [["a"], ["b"], ["c"]] == list(split([("a", 1), ("b", BYTES_PER_CALL + 1), ("c", 1)]))


@pytest.fixture
def stubber():
    client = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def queue(stubber, monkeypatch):
    # A stubber expects calls in one order, which threads do not keep.
    monkeypatch.setattr("functions.common.side_by_side.THREADS", 1)
    monkeypatch.setattr("functions.adapters.sqs.RETRY_PAUSE_SECONDS", 0)
    return SqsQueue(stubber.client, QUEUE)


def messages(count, *, size=1):
    return [OutgoingMessage(body=f"{number}".ljust(size, "x"), attributes=ATTRIBUTES) for number in range(count)]


def expect(stubber, sent, *positions, refused=(), forgotten=()):
    """Let SQS take the messages at these positions in one call, except some."""
    entries = [
        {"Id": str(at), "MessageBody": sent[at].body, "MessageAttributes": sent[at].attributes} for at in positions
    ]
    failed = [{"Id": str(at), "SenderFault": False, "Code": "InternalError"} for at in refused]
    taken = [at for at in positions if at not in {*refused, *forgotten}]
    successful = [{"Id": str(at), "MessageId": f"m-{at}", "MD5OfMessageBody": "0" * 32} for at in taken]
    answer = {"Successful": successful, "Failed": failed}
    stubber.add_response("send_message_batch", answer, {"QueueUrl": QUEUE, "Entries": entries})


def test_messages_are_sent_ten_at_a_time(stubber, queue):
    sent = messages(12)
    expect(stubber, sent, *range(10))
    expect(stubber, sent, 10, 11)

    assert [None] * 12 == queue.send_many(sent, within_seconds=LIMIT)


def test_attributes_count_towards_the_bytes_of_a_call(stubber, queue):
    half = BYTES_PER_CALL // 2 - message_bytes("", ATTRIBUTES)
    fits, too_many = messages(2, size=half), messages(2, size=half + 1)

    expect(stubber, fits, 0, 1)
    assert [None, None] == queue.send_many(fits, within_seconds=LIMIT)
    expect(stubber, too_many, 0)
    expect(stubber, too_many, 1)
    assert [None, None] == queue.send_many(too_many, within_seconds=LIMIT)


def test_what_sqs_refuses_alone_is_sent_once_more(stubber, queue):
    sent = messages(11)
    expect(stubber, sent, *range(10), refused=[2, 7])
    expect(stubber, sent, 10)
    expect(stubber, sent, 2, 7)

    assert [None] * 11 == queue.send_many(sent, within_seconds=LIMIT)


def test_what_sqs_refuses_twice_is_reported_in_its_place(stubber, queue):
    sent = messages(4)
    expect(stubber, sent, *range(4), refused=[1, 3])
    expect(stubber, sent, 1, 3, refused=[3])

    outcomes = queue.send_many(sent, within_seconds=LIMIT)

    assert [None, None, None] == outcomes[:3]
    assert "queue_unavailable: SQS did not take the message (InternalError)." == f"{outcomes[3].code}: {outcomes[3]}"


def test_what_sqs_says_nothing_about_is_not_taken_for_sent(stubber, queue):
    sent = messages(2)
    expect(stubber, sent, 0, 1, forgotten=[1])
    expect(stubber, sent, 1, forgotten=[1])

    outcomes = queue.send_many(sent, within_seconds=LIMIT)

    assert [None, "queue_unavailable"] == [outcome and outcome.code for outcome in outcomes]


def test_a_call_that_fails_takes_no_other_calls_messages_with_it(stubber, queue):
    sent = messages(25)
    expect(stubber, sent, *range(10))
    stubber.add_client_error("send_message_batch", "AccessDenied", expected_params=None)

    outcomes = queue.send_many(sent, within_seconds=LIMIT)

    codes = [outcome and outcome.code for outcome in outcomes]
    # Behind a call that failed as a whole, none is tried.
    assert [None] * 10 + ["queue_unavailable"] * 10 + ["out_of_time"] * 5 == codes
