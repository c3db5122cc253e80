"""EventQueue: what is asked of SQS."""

import json

import pytest

from components.messaging import EventQueue, EventQueueArgs
from components.settings import ProcessingSettings, QueueSettings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_queue, document_of

QUEUE = "aws:sqs/queue:Queue"


def queue_with(**settings: int) -> Recorder:
    args = EventQueueArgs(settings=QueueSettings(**settings), consumer=ProcessingSettings())
    return deploy(lambda: EventQueue("events", args))


def test_the_queue_consists_of_exactly_these_parts():
    stack = deploy(a_queue)

    assert [
        (QUEUE, "events-dead-letters"),
        (QUEUE, "events-main"),
        ("aws:sqs/queuePolicy:QueuePolicy", "events-dead-letters-policy"),
        ("aws:sqs/queuePolicy:QueuePolicy", "events-main-policy"),
        ("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "events-redrive-allow"),
    ] == stack.children("events")


def test_the_main_queue_is_encrypted_polled_long_and_bounded():
    stack = deploy(a_queue)

    inputs = stack.one(QUEUE, "events-main").inputs
    inputs.pop("redrivePolicy")
    assert {
        "visibilityTimeoutSeconds": 180,
        "messageRetentionSeconds": 4 * 86_400,
        "receiveWaitTimeSeconds": 20,
        "maxMessageSize": 1_048_576,
        "sqsManagedSseEnabled": True,
    } == inputs


@pytest.mark.parametrize(
    ("timeout_seconds", "window_seconds", "expected"), [(6, 0, 36), (30, 0, 180), (30, 20, 200), (900, 300, 5_700)]
)
def test_a_message_stays_hidden_six_timeouts_and_the_window(timeout_seconds, window_seconds, expected):
    stack = deploy(lambda: a_queue(timeout_seconds=timeout_seconds, batching_window_seconds=window_seconds))

    assert expected == stack.one(QUEUE, "events-main").inputs["visibilityTimeoutSeconds"]


def test_messages_move_to_the_dead_letter_queue_after_the_set_number_of_receives():
    stack = queue_with(max_receive_count=3)

    assert {"deadLetterTargetArn": "arn:aws:test:::events-dead-letters", "maxReceiveCount": 3} == json.loads(
        stack.one(QUEUE, "events-main").inputs["redrivePolicy"]
    )


def test_the_dead_letter_queue_accepts_from_our_queue_alone():
    stack = deploy(a_queue)

    allow = stack.one("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
    assert "https://sqs.test/events-dead-letters" == allow.inputs["queueUrl"]
    assert {"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:test:::events-main"]} == document_of(
        allow, "redriveAllowPolicy"
    )


def test_dead_letters_are_kept_as_long_as_set():
    stack = queue_with(dead_letter_retention_days=10)

    assert 864_000 == stack.one(QUEUE, "events-dead-letters").inputs["messageRetentionSeconds"]


@pytest.mark.parametrize("role", ["main", "dead-letters"])
def test_both_queues_refuse_unencrypted_calls(role):
    stack = deploy(a_queue)

    policy = stack.one("aws:sqs/queuePolicy:QueuePolicy", f"events-{role}-policy")
    assert [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["sqs:*"],
            "Resource": [f"arn:aws:test:::events-{role}"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ] == document_of(policy)["Statement"]
