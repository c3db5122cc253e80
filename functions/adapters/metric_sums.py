"""Reads back from CloudWatch what our functions have counted."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.errors import TransientError
from functions.common.names import METRICS_NAMESPACE, Dimension, MetricName, Service

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

PERIOD_SECONDS = 3_600


class CloudWatchSums:
    """See the port. Needs `cloudwatch:GetMetricData`, which knows no resources."""

    def __init__(self, client: "Callable[[], CloudWatchClient]", *, stack: str) -> None:
        self._client = client
        self._stack = stack

    def total(self, metric: MetricName, service: Service, *, start: datetime, end: datetime) -> int:
        """See the port."""
        query: MetricDataQueryTypeDef = {
            "Id": "total",
            "MetricStat": {
                "Metric": {
                    "Namespace": METRICS_NAMESPACE,
                    "MetricName": metric.value,
                    "Dimensions": [
                        {"Name": Dimension.STACK.value, "Value": self._stack},
                        {"Name": Dimension.SERVICE.value, "Value": service.value},
                    ],
                },
                "Period": PERIOD_SECONDS,
                "Stat": "Sum",
            },
        }
        try:
            answer = self._client().get_metric_data(MetricDataQueries=[query], StartTime=start, EndTime=end)
        except (BotoCoreError, ClientError) as error:
            raise TransientError(f"CloudWatch did not tell {metric.value} ({error_code(error)}).") from error
        results = answer["MetricDataResults"]
        # A day has 24 hours and a page has room for thousands; half an answer would look like a loss, or hide one.
        if any(result.get("StatusCode", "Complete") != "Complete" for result in results):
            raise TransientError(f"CloudWatch told only a part of {metric.value}.")
        return round(sum(value for result in results for value in result.get("Values", [])))
