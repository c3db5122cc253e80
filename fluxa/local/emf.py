"""Reads Embedded Metric Format: what CloudWatch does with a log line on AWS, and the emulator does not.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MARK = "CloudWatchMetrics"
"""Every line of the format contains this word; most lines that do not are other logs."""


class MalformedMetrics(ValueError):
    """The line claims to carry metrics and does not; CloudWatch would drop it without a word."""


@dataclass(frozen=True, kw_only=True)
class Datum:
    """One metric under one set of dimensions, ready for `PutMetricData`."""

    namespace: str
    body: dict[str, Any]


def read(line: str) -> list[Datum]:
    """Return the metrics in one log line; none when it is an ordinary line.

    Raises:
        MalformedMetrics: the line is meant to carry metrics but breaks the format.
    """
    if MARK not in line:
        return []
    try:
        document = json.loads(line)
    except ValueError:
        return []  # A sentence that happens to contain the word.
    if not isinstance(document, dict) or "_aws" not in document:
        return []
    try:
        timestamp = datetime.fromtimestamp(document["_aws"]["Timestamp"] / 1000, UTC)
        return [
            datum
            for directive in document["_aws"]["CloudWatchMetrics"]
            for datum in _of_directive(directive, document, timestamp)
        ]
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise MalformedMetrics(f"{type(error).__name__}: {error}") from error


def _of_directive(directive: dict[str, Any], document: dict[str, Any], timestamp: datetime) -> list[Datum]:
    return [
        Datum(
            namespace=directive["Namespace"],
            body={
                "MetricName": metric["Name"],
                "Dimensions": [{"Name": name, "Value": str(document[name])} for name in dimensions],
                "Timestamp": timestamp,
                "Values": _numbers(document[metric["Name"]]),
                "Unit": metric.get("Unit", "None"),
            },
        )
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    ]


def _numbers(value: Any) -> list[float]:
    return [float(number) for number in (value if isinstance(value, list) else [value])]
