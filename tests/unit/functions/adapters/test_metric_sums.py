"""What CloudWatch is asked, and which of its answers are sums."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.metric_sums import CloudWatchSums
from functions.common.errors import TransientError
from functions.common.names import MetricName, Service

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
END = START + timedelta(hours=2)
REQUEST = {
    "MetricDataQueries": [
        {
            "Id": "total",
            "MetricStat": {
                "Metric": {
                    "Namespace": "Fluxa",
                    "MetricName": "EventsAccepted",
                    "Dimensions": [{"Name": "Stack", "Value": "test"}, {"Name": "Service", "Value": "ingest"}],
                },
                "Period": 3600,
                "Stat": "Sum",
            },
        }
    ],
    "StartTime": START,
    "EndTime": END,
}


@pytest.fixture
def stubber():
    client = boto3.client("cloudwatch", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def total(stubber):
    sums = CloudWatchSums(lambda: stubber.client, stack="test")
    return sums.total(MetricName.EVENTS_ACCEPTED, Service.INGEST, start=START, end=END)


def answer(stubber, *results):
    stubber.add_response("get_metric_data", {"MetricDataResults": list(results)}, REQUEST)


def test_hours_are_added_up(stubber):
    answer(stubber, {"Id": "total", "StatusCode": "Complete", "Values": [1200.0, 34.0]})

    assert 1234 == total(stubber)


@pytest.mark.parametrize("results", [[], [{"Id": "total", "StatusCode": "Complete", "Values": []}]])
def test_what_was_never_counted_is_none(stubber, results):
    answer(stubber, *results)

    assert 0 == total(stubber)


@pytest.mark.parametrize("status", ["PartialData", "InternalError", "Forbidden"])
def test_half_an_answer_is_none(stubber, status):
    answer(stubber, {"Id": "total", "StatusCode": status, "Values": [1200.0]})

    with pytest.raises(TransientError, match="only a part of EventsAccepted"):
        total(stubber)


def test_a_refusal_names_the_metric(stubber):
    stubber.add_client_error("get_metric_data", "AccessDenied", expected_params=REQUEST)

    with pytest.raises(TransientError, match=r"did not tell EventsAccepted \(AccessDenied\)"):
        total(stubber)
