"""Alarms about what clients see: errors that are not theirs, and how long an answer takes."""

from collections.abc import Iterator

from components.alarm_specs.spec import FIVE_MINUTES, AlarmSpec
from components.measures import ApiMetric, Formula, Watched
from components.settings import StackSettings

_FEW_ERRORS = 5
"""Up to here a share says nothing: one error of one request is 100 %. By number of errors rather than of requests, so
that a quiet stack which answers nothing but errors is noticed too."""


def api_alarms(watched: Watched, settings: StackSettings) -> Iterator[AlarmSpec]:
    """Return the API's alarms."""
    yield AlarmSpec(
        name="api-server-errors",
        watches=Formula(
            expression=f"IF(errors >= {_FEW_ERRORS}, 100 * errors / requests, 0)",
            metrics={
                "errors": watched.of_api(ApiMetric.SERVER_ERRORS, "Sum"),
                "requests": watched.of_api(ApiMetric.REQUESTS, "Sum"),
            },
            label="Answered with 5xx (%)",
        ),
        threshold=settings.alarms.api_errors_percent,
        period_seconds=FIVE_MINUTES,
        reason="Clients get 5xx for more requests than a blip explains.",
        because=(
            "Percent of requests, by `alarms.api_errors_percent`; "
            f"only from {_FEW_ERRORS} errors in five minutes on: one error of one request wakes nobody."
        ),
        hurts_now=True,
    )
    yield AlarmSpec(
        name="api-latency-p99",
        watches=watched.of_api(ApiMetric.LATENCY, "p99"),
        threshold=settings.alarms.api_p99_ms,
        period_seconds=FIVE_MINUTES,
        evaluation_periods=3,
        reason="The slowest hundredth of requests takes longer than clients can be expected to wait.",
        because=(
            "Milliseconds, by `alarms.api_p99_ms`. A quarter of an hour: "
            "with few requests the percentile is the slowest one, which a cold start may be."
        ),
        hurts_now=True,
    )
