"""AlarmUnit: what is watched, and who is told."""

import pytest

from components.alarms import AlarmUnit, AlarmUnitArgs
from components.notifications import AlarmChannelArgs
from components.settings import AlarmSettings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import ACCOUNT_ID, a_naming, a_queue, an_account, document_of

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"


def alarms(*email: str) -> Recorder:
    def program() -> None:
        args = AlarmUnitArgs(
            settings=AlarmSettings(email=email), naming=a_naming(), account=an_account(), queue=a_queue()
        )
        AlarmUnit("alarms", args)

    return deploy(program)


def test_these_things_are_watched():
    assert [
        "fluxa-test-dead-letters-present",
        "fluxa-test-oldest-message-age",
        "fluxa-test-partitions-running-out",
        "fluxa-test-unexpected-failures-ingest",
        "fluxa-test-unexpected-failures-processor",
        "fluxa-test-unexpected-failures-query",
    ] == sorted(item.inputs["name"] for item in alarms().of_type(ALARM))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "dead-letters-present",
            {
                "namespace": "AWS/SQS",
                "metricName": "ApproximateNumberOfMessagesVisible",
                "dimensions": {"QueueName": "events-dead-letters-physical"},
                "statistic": "Maximum",
                "comparisonOperator": "GreaterThanThreshold",
                "threshold": 0,
                "period": 60,
                "evaluationPeriods": 1,
                "treatMissingData": "notBreaching",
            },
        ),
        (
            "oldest-message-age",
            {
                "namespace": "AWS/SQS",
                "metricName": "ApproximateAgeOfOldestMessage",
                "dimensions": {"QueueName": "events-main-physical"},
                "statistic": "Maximum",
                "comparisonOperator": "GreaterThanThreshold",
                "threshold": 900,
                "period": 60,
                "evaluationPeriods": 1,
                "treatMissingData": "notBreaching",
            },
        ),
        (
            "unexpected-failures-processor",
            {
                "namespace": "Fluxa",
                "metricName": "EventsFailed",
                "dimensions": {"Stack": "test", "Service": "processor", "Reason": "unexpected"},
                "statistic": "Sum",
                "comparisonOperator": "GreaterThanThreshold",
                "threshold": 0,
                "period": 60,
                "evaluationPeriods": 1,
                "treatMissingData": "notBreaching",
            },
        ),
        (
            "partitions-running-out",
            {
                "namespace": "Fluxa",
                "metricName": "PartitionsAhead",
                "dimensions": {"Stack": "test", "Service": "maintenance"},
                "statistic": "Minimum",
                "comparisonOperator": "LessThanThreshold",
                "threshold": 1,
                "period": 86_400,
                "evaluationPeriods": 2,
                # Silence is a failure here: maintenance reports once a day.
                "treatMissingData": "breaching",
            },
        ),
    ],
)
def test_each_alarm_goes_off_when_it_should(name, expected):
    inputs = alarms().one(ALARM, f"alarms-{name}").inputs

    assert expected == {key: inputs[key] for key in expected}


def test_an_alarm_says_what_it_means_and_where_the_runbook_is():
    description = alarms().one(ALARM, "alarms-dead-letters-present").inputs["alarmDescription"]

    assert (
        "At least one event could not be stored and waits for a person. Runbook: docs/runbooks/dead-letters-present.md"
        == description
    )


def test_with_nobody_to_tell_there_is_no_topic():
    stack = alarms()

    assert [] == stack.of_type(TOPIC)
    assert all([] == item.inputs["alarmActions"] == item.inputs["okActions"] for item in stack.of_type(ALARM))


def test_people_hear_when_an_alarm_goes_off_and_when_it_is_over():
    stack = alarms("a@example.com", "b@example.com")

    topic = "arn:aws:test:::alarms-channel-topic"
    assert all([topic] == item.inputs["alarmActions"] == item.inputs["okActions"] for item in stack.of_type(ALARM))
    assert {("email", "a@example.com"), ("email", "b@example.com")} == {
        (item.inputs["protocol"], item.inputs["endpoint"])
        for item in stack.of_type("aws:sns/topicSubscription:TopicSubscription")
    }


def test_cloudwatch_can_use_the_topics_own_key():
    # With AWS's key for SNS the alarm would go off and nobody would hear of it.
    stack = alarms("a@example.com")

    key = stack.one("aws:kms/key:Key")
    assert "arn:aws:test:::alarms-channel-key" == stack.one(TOPIC).inputs["kmsMasterKeyId"]
    assert key.inputs["enableKeyRotation"]
    use = document_of(key)["Statement"][1]
    assert ({"Service": "cloudwatch.amazonaws.com"}, ["kms:Decrypt", "kms:GenerateDataKey"]) == (
        use["Principal"],
        use["Action"],
    )
    assert {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}} == use["Condition"]


def test_only_this_accounts_alarms_publish_and_only_encrypted():
    allow, deny = document_of(alarms("a@example.com").one("aws:sns/topicPolicy:TopicPolicy"))["Statement"]

    assert {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}} == allow["Condition"]
    assert ("Deny", {"Bool": {"aws:SecureTransport": "false"}}) == (deny["Effect"], deny["Condition"])


def test_a_channel_needs_an_address():
    def program() -> None:
        with pytest.raises(ValueError, match=r"a channel without an address tells nobody"):
            AlarmChannelArgs(account=an_account(), email=())

    deploy(program)
