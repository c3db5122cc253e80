"""Alarms about the way from the queue into the table: is every event stored, soon, and unchanged?"""

from collections.abc import Iterator

from components.alarm_specs.spec import FIVE_MINUTES, AlarmSpec
from components.measures import Formula, QueueMetric, Watched
from components.settings import StackSettings
from functions.common.names import MetricName, Service

INTEGRITY_REASONS = ("payload_hash_mismatch", "payload_missing", "payload_reference_refused")
"""Codes of functions.common.errors: what was stored between ingest and the processor is not what was accepted."""

_STALLED_SECONDS = 300
"""Younger than this, a message may be in a batching window or in its first back-offs."""
_FEW_DEAD_LETTERS = 5
"""Up to here a share says nothing: one of one is 100 %. Each of them raises dead-letters-present anyway."""


def delivery_alarms(watched: Watched, settings: StackSettings) -> Iterator[AlarmSpec]:
    """Return the alarms of queue and processor, the worst last to be missed first."""
    yield AlarmSpec(
        name="dead-letters-present",
        # Not NumberOfMessagesSent: that leaves out what SQS moves by itself.
        watches=watched.of_dead_letters(QueueMetric.VISIBLE, "Maximum"),
        threshold=0,
        reason="At least one event could not be stored and waits for a person.",
        because="In healthy operation there is none, and each is an event that is missing.",
    )
    yield AlarmSpec(
        name="oldest-message-age",
        watches=watched.of_queue(QueueMetric.OLDEST_AGE, "Maximum"),
        threshold=settings.alarms.oldest_message_seconds,
        reason="Events wait much longer than they should: processing is too slow or stands still.",
        because="Seconds, by `alarms.oldest_message_seconds`. Events are stored within seconds.",
        hurts_now=True,
    )
    yield _stalled(watched)
    yield _permanent_failure_rate(watched, settings)
    yield from _integrity(watched)


def _stalled(watched: Watched) -> AlarmSpec:
    return AlarmSpec(
        name="processing-stalled",
        watches=Formula(
            # Age is not enough: SQS leaves out of it what was received more than three times, and a processor that
            # fails all the time brings every message there. Then they are received, and none is deleted.
            expression=(
                f"IF((FILL(age, 0) > {_STALLED_SECONDS} OR FILL(received, 0) > 0) AND FILL(deleted, 0) < 1, 1, 0)"
            ),
            metrics={
                "age": watched.of_queue(QueueMetric.OLDEST_AGE, "Maximum"),
                "received": watched.of_queue(QueueMetric.RECEIVED, "Sum"),
                "deleted": watched.of_queue(QueueMetric.DELETED, "Sum"),
            },
            label="Events wait and none is taken off the queue",
        ),
        threshold=1,
        comparison="GreaterThanOrEqualToThreshold",
        period_seconds=FIVE_MINUTES,
        evaluation_periods=3,
        reason="Events wait in the queue, and for a quarter of an hour not one was taken off it.",
        because=(
            f"On when messages older than {_STALLED_SECONDS} s wait, or some are received, and none is deleted. "
            "Three periods in a row, because the last one may be incomplete."
        ),
        hurts_now=True,
    )


def _permanent_failure_rate(watched: Watched, settings: StackSettings) -> AlarmSpec:
    return AlarmSpec(
        name="permanent-failure-rate",
        watches=Formula(
            # Deletions are what was handled for good: stored, known already, or parked by the processor. SQS always
            # reports them, whereas a counter of ours that was never raised has no value to add.
            expression=f"IF(parked >= {_FEW_DEAD_LETTERS}, 100 * parked / handled, 0)",
            metrics={
                "parked": watched.ours(Service.PROCESSOR, MetricName.EVENTS_DEAD_LETTERED),
                "handled": watched.of_queue(QueueMetric.DELETED, "Sum"),
            },
            label="Parked, of what was handled (%)",
        ),
        threshold=settings.alarms.permanent_failures_percent,
        period_seconds=FIVE_MINUTES,
        evaluation_periods=2,
        reason="An unusual share of events can never be stored as they are: a sender or a handler has changed.",
        because=(
            "Percent of handled messages, by `alarms.permanent_failures_percent`; "
            f"only from {_FEW_DEAD_LETTERS} in five minutes on, and in two periods running: one bad batch is not it."
        ),
    )


def _integrity(watched: Watched) -> Iterator[AlarmSpec]:
    for code in INTEGRITY_REASONS:
        yield AlarmSpec(
            name=f"integrity-failures-{code.replace('_', '-')}",
            watches=watched.ours(Service.PROCESSOR, MetricName.EVENTS_FAILED, reason=code),
            threshold=0,
            reason=f"A payload is not what was accepted ({code}): somebody or something has changed the bucket.",
            because="Payloads are written once and never changed, so one is too many.",
            shared_runbook="integrity-failures",
        )
