"""EventQueue: what is asked of SQS."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.messaging import EventQueue
from components.policy import PolicyStatement, policy_json
from components.settings import QueueSettings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_key, a_platform, a_queue, document_of

QUEUE = "aws:sqs/queue:Queue"
MAIN_ARN, DEAD_LETTERS_ARN = "arn:aws:test:::events-main", "arn:aws:test:::events-dead-letters"
KEY_ARN = "arn:aws:test:::encryption-key"
BY_SQS = {"StringEquals": {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}}


def queue_with(**settings: Any) -> Recorder:
    return deploy(lambda: a_queue(QueueSettings(**settings)))


def encrypted_queue() -> EventQueue:
    return a_queue(QueueSettings(encryption="kms"), platform=a_platform(key=a_key()))


def offered(
    offer: Callable[[EventQueue], tuple[PolicyStatement, ...]], build: Callable[[], EventQueue] = a_queue
) -> list[tuple[list[str], list[str]]]:
    """Return (actions, resources) of what a queue offers, and check the condition on every use of the key."""
    texts: list[str] = []
    deploy(lambda: policy_json(offer(build())).apply(texts.append))
    statements = json.loads(texts[0])["Statement"]
    assert all(BY_SQS == item.get("Condition") for item in statements if KEY_ARN in item["Resource"])
    return [(item["Action"], item["Resource"]) for item in statements]


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


@pytest.mark.parametrize("name", ["events-main", "events-dead-letters"])
def test_the_stacks_key_encrypts_both_queues_in_place_of_sqs_own(name):
    inputs = deploy(encrypted_queue).one(QUEUE, name).inputs

    assert (KEY_ARN, 300) == (inputs["kmsMasterKeyId"], inputs["kmsDataKeyReusePeriodSeconds"])
    assert "sqsManagedSseEnabled" not in inputs


def test_a_key_that_other_settings_asked_for_is_left_alone():
    stack = deploy(lambda: a_queue(platform=a_platform(key=a_key())))

    for name in ("events-main", "events-dead-letters"):
        assert "kmsMasterKeyId" not in stack.one(QUEUE, name).inputs


@pytest.mark.parametrize("is_protected", [True, False])
def test_both_queues_are_protected_by_the_setting(is_protected):
    stack = queue_with(deletion_protection=is_protected)

    assert {"events-main": is_protected, "events-dead-letters": is_protected} == {
        item.name: item.protect for item in stack.of_type(QUEUE)
    }


CONSUMING = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]


def test_every_offer_is_for_one_kind_of_work():
    assert [(["sqs:SendMessage"], [MAIN_ARN])] == offered(EventQueue.send_statements)
    assert [(CONSUMING, [MAIN_ARN])] == offered(EventQueue.consume_statements)
    assert [(CONSUMING, [DEAD_LETTERS_ARN])] == offered(EventQueue.sift_statements)
    assert [(["sqs:SendMessage"], [DEAD_LETTERS_ARN])] == offered(EventQueue.dead_letter_statements)
    assert [(["sqs:GetQueueAttributes"], [MAIN_ARN])] == offered(EventQueue.inspect_statements)
    assert [(["sqs:GetQueueAttributes"], [MAIN_ARN, DEAD_LETTERS_ARN])] == offered(EventQueue.depth_statements)


def test_with_the_stacks_key_senders_encrypt_consumers_decrypt_and_counting_needs_neither():
    encrypt, decrypt = (["kms:Decrypt", "kms:GenerateDataKey"], [KEY_ARN]), (["kms:Decrypt"], [KEY_ARN])

    assert encrypt == offered(EventQueue.send_statements, encrypted_queue)[1]
    assert encrypt == offered(EventQueue.dead_letter_statements, encrypted_queue)[1]
    assert decrypt == offered(EventQueue.consume_statements, encrypted_queue)[1]
    assert 1 == len(offered(EventQueue.inspect_statements, encrypted_queue))
    assert 1 == len(offered(EventQueue.depth_statements, encrypted_queue))


def test_what_passes_the_networks_way_to_sqs_is_sqs_business_only():
    assert [
        (CONSUMING, [MAIN_ARN]),
        (["sqs:SendMessage"], [DEAD_LETTERS_ARN]),
        (CONSUMING, [DEAD_LETTERS_ARN]),
        (["sqs:GetQueueAttributes"], [MAIN_ARN, DEAD_LETTERS_ARN]),
    ] == offered(EventQueue.inside_statements, encrypted_queue)
