"""Metrics in CloudWatch's Embedded Metric Format: a log line that CloudWatch turns into metrics.

No network call and no permission is needed, and a line survives whatever happens to the function next.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Literal

from functions.common.names import METRICS_NAMESPACE, Dimension, MetricName, Service

VALUES_PER_METRIC = 100
"""CloudWatch silently drops a metric with more values than this in one line."""

Unit = Literal["Count", "Milliseconds"]


class Metrics:
    """Collects one invocation's figures and writes them as one line for each set of dimensions.

    Every figure appears under `Stack, Service`, and with a reason under `Stack, Service, Reason` as well,
    so that an alarm can watch the sum as well as one cause.
    """

    def __init__(self, *, service: Service, stack: str, write: Callable[[str], None] = print) -> None:
        self._common = {Dimension.STACK: stack, Dimension.SERVICE: service.value}
        self._write = write
        self._values: dict[str | None, dict[tuple[MetricName, Unit], list[float]]] = defaultdict(dict)

    def count(self, name: MetricName, value: int = 1, *, reason: str | None = None) -> None:
        """Add to a counter; a reason is an error's code, never an id."""
        for key in (None,) if reason is None else (None, reason):
            sums = self._values[key].setdefault((name, "Count"), [0])
            sums[0] += value

    def gauge(self, name: MetricName, value: float) -> None:
        """Record a level, e.g. how many partitions lie ahead."""
        self._values[None].setdefault((name, "Count"), []).append(value)

    def milliseconds(self, name: MetricName, value: float) -> None:
        """Record one duration in milliseconds; CloudWatch derives the percentiles."""
        self._values[None].setdefault((name, "Milliseconds"), []).append(value)

    def flush(self) -> None:
        """Write what was collected and forget it. Call it before the invocation can run out of time."""
        for reason, figures in self._values.items():
            if figures:
                dimensions = self._common | ({} if reason is None else {Dimension.REASON: reason})
                self._write(_line(dimensions, figures))
        self._values.clear()


def _line(dimensions: dict[Dimension, str], figures: dict[tuple[MetricName, Unit], list[float]]) -> str:
    directive = {
        "Namespace": METRICS_NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in figures],
    }
    values = {name: collected[:VALUES_PER_METRIC] for (name, _), collected in figures.items()}
    return json.dumps(
        {
            "_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]},
            **dimensions,
            **{name: collected[0] if len(collected) == 1 else collected for name, collected in values.items()},
        }
    )
