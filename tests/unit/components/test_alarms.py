"""AlarmUnit: the table made real, and who is told."""

from typing import Any

import pytest

from components.alarms import AlarmUnit, AlarmUnitArgs
from components.encryption import StackKey, StackKeyArgs
from components.settings import StackSettings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_naming, a_platform, an_account
from tests.support.watched_stack import EVERYTHING, a_watched_stack, the_table

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
TOPIC = "aws:sns/topic:Topic"

CHANNEL = "arn:aws:test:::alarms-channel-topic"
PAGER = "arn:aws:sns:eu-central-1:123456789012:pager"


def alarms(**who: Any) -> Recorder:
    def program() -> None:
        account = an_account()
        key = StackKey("encryption", StackKeyArgs(account=account, naming=a_naming(), protect=False))
        args = AlarmUnitArgs(
            settings=StackSettings.model_validate({**EVERYTHING, "alarms": who}),
            platform=a_platform(account=account, key=key),
            watched=a_watched_stack(),
        )
        AlarmUnit("alarms", args)

    return deploy(program)


def told(stack: Recorder) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return who is told of the beginning and of the end of all alarms."""
    every = [*stack.of_type(ALARM), *stack.of_type(COMPOSITE)]
    return {(tuple(item.inputs["alarmActions"]), tuple(item.inputs["okActions"])) for item in every}


def test_every_line_of_the_table_becomes_an_alarm_with_a_name_that_people_can_type():
    assert sorted(f"fluxa-test-{name}" for name in the_table()) == sorted(
        item.inputs["name"] for item in alarms().of_type(ALARM)
    )


def test_an_alarm_on_one_metric_is_asked_for_as_the_table_says():
    inputs = alarms().one(ALARM, "alarms-oldest-message-age").inputs

    words = ("alarmActions", "alarmDescription", "name", "okActions")
    assert {
        "namespace": "AWS/SQS",
        "metricName": "ApproximateAgeOfOldestMessage",
        "dimensions": {"QueueName": "the-queue"},
        "statistic": "Maximum",
        "period": 60,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 900,
        "evaluationPeriods": 1,
        "treatMissingData": "notBreaching",
    } == {key: value for key, value in inputs.items() if key not in words}


def test_a_percentile_is_an_extended_statistic():
    inputs = alarms().one(ALARM, "alarms-api-latency-p99").inputs

    assert ("p99", None) == (inputs["extendedStatistic"], inputs.get("statistic"))


def test_an_alarm_may_want_some_of_its_periods_only():
    inputs = alarms().one(ALARM, "alarms-function-throttles-query").inputs

    assert (3, 5) == (inputs["datapointsToAlarm"], inputs["evaluationPeriods"])


def test_a_formula_returns_one_series_and_every_metric_has_the_alarms_period():
    inputs = alarms().one(ALARM, "alarms-api-server-errors").inputs
    result, *metrics = inputs["metricQueries"]

    assert [True, False, False] == [query["returnData"] for query in inputs["metricQueries"]]
    assert "IF(errors >= 5, 100 * errors / requests, 0)" == result["expression"]
    assert {"errors": ("5XXError", "Sum", 300), "requests": ("Count", "Sum", 300)} == {
        query["id"]: (query["metric"]["metricName"], query["metric"]["stat"], query["metric"]["period"])
        for query in metrics
    }
    # CloudWatch refuses an alarm with both.
    assert set() == {"namespace", "metricName", "dimensions", "statistic", "period"} & set(inputs)


def test_an_alarm_says_what_it_means_and_where_the_runbook_is():
    description = alarms().one(ALARM, "alarms-dead-letters-present").inputs["alarmDescription"]

    assert (
        "At least one event could not be stored and waits for a person. Runbook: docs/runbooks/dead-letters-present.md"
        == description
    )


def test_the_alarm_about_alarms_names_its_members_and_waits_for_them():
    composite = alarms().one(COMPOSITE)

    assert "fluxa-test-service-unhealthy" == composite.inputs["alarmName"]
    assert (
        'ALARM("fluxa-test-oldest-message-age") OR ALARM("fluxa-test-processing-stalled")'
        ' OR ALARM("fluxa-test-api-server-errors") OR ALARM("fluxa-test-api-latency-p99")'
    ) == composite.inputs["alarmRule"]
    assert {
        "alarms-oldest-message-age",
        "alarms-processing-stalled",
        "alarms-api-server-errors",
        "alarms-api-latency-p99",
    } <= composite.dependencies


def test_with_nobody_to_tell_there_is_no_topic():
    stack = alarms()

    assert [] == stack.of_type(TOPIC)
    assert {((), ())} == told(stack)


@pytest.mark.parametrize(
    ("who", "topics"),
    [
        ({"email": ["a@example.com"]}, (CHANNEL,)),
        ({"sns_topic_arns": [PAGER]}, (PAGER,)),
        ({"email": ["a@example.com"], "sns_topic_arns": [PAGER]}, (CHANNEL, PAGER)),
    ],
)
def test_everybody_hears_when_an_alarm_goes_off_and_when_it_is_over(who: dict[str, Any], topics: tuple[str, ...]):
    assert {(topics, topics)} == told(alarms(**who))


def test_topics_of_your_own_need_none_of_ours():
    assert [] == alarms(sns_topic_arns=[PAGER]).of_type(TOPIC)


def test_what_rds_says_of_both_instances_goes_to_the_same_people():
    events = alarms(email=["a@example.com"]).one("aws:rds/eventSubscription:EventSubscription")

    assert (CHANNEL, ["the-database", "the-replica"]) == (events.inputs["snsTopic"], events.inputs["sourceIds"])
