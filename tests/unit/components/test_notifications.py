"""AlarmChannel: an encrypted topic, who may publish to it, and who reads it."""

from typing import Any

import pytest

from components.encryption import StackKey, StackKeyArgs
from components.notifications import AlarmChannel, AlarmChannelArgs
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import ACCOUNT_ID, a_naming, a_platform, an_account, document_of

EVENTS = "aws:rds/eventSubscription:EventSubscription"
POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
TOPIC = "aws:sns/topic:Topic"


def args_with(*email: str, **platform: Any) -> AlarmChannelArgs:
    return AlarmChannelArgs(platform=a_platform(**platform), email=email, database_instances=["the-database"])


def channel(*email: str) -> Recorder:
    def program() -> None:
        account = an_account()
        key = StackKey("encryption", StackKeyArgs(account=account, naming=a_naming(), protect=False))
        AlarmChannel("channel", args_with(*email, account=account, key=key))

    return deploy(program)


def test_each_address_subscribes_by_mail():
    assert {("email", "a@example.com"), ("email", "b@example.com")} == {
        (item.inputs["protocol"], item.inputs["endpoint"])
        for item in channel("a@example.com", "b@example.com").of_type(SUBSCRIPTION)
    }


def test_the_topic_is_encrypted_with_a_key_that_its_publishers_may_use():
    # With AWS's key for SNS the alarm would go off and nobody would hear of it.
    stack = channel("a@example.com")

    assert "arn:aws:test:::encryption-key" == stack.one(TOPIC).inputs["kmsMasterKeyId"]
    publishers = [
        statement["Principal"]["Service"]
        for statement in document_of(stack.one(POLICY))["Statement"]
        if statement["Effect"] == "Allow"
    ]
    of_the_key = {
        statement["Principal"].get("Service")
        for statement in document_of(stack.one("aws:kms/key:Key"))["Statement"]
        if {"kms:Decrypt", "kms:GenerateDataKey"} <= set(statement["Action"])
    }
    assert ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"] == publishers
    assert set(publishers) <= of_the_key


def test_only_what_belongs_to_this_account_is_published_and_only_encrypted():
    *allowed, denied = document_of(channel("a@example.com").one(POLICY))["Statement"]

    assert [{"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}}] * 2 == [each["Condition"] for each in allowed]
    assert ("Deny", {"Bool": {"aws:SecureTransport": "false"}}) == (denied["Effect"], denied["Condition"])


def test_rds_says_what_no_metric_does_once_it_may_publish():
    events = channel("a@example.com").one(EVENTS)

    assert "db-instance" == events.inputs["sourceType"]
    assert [
        "availability",
        "configuration change",
        "failover",
        "failure",
        "low storage",
        "maintenance",
        "read replica",
        "recovery",
    ] == events.inputs["eventCategories"]
    assert "channel-topic-policy" in events.dependencies


def test_a_channel_needs_an_address():
    with pytest.raises(ValueError, match=r"a channel without an address tells nobody"):
        deploy(args_with)


def test_a_channel_needs_the_stacks_own_key():
    with pytest.raises(ValueError, match=r"an alarm topic needs the stack's own key"):
        deploy(lambda: AlarmChannel("channel", args_with("a@example.com")))
