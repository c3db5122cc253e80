"""One batch from SQS: Lambda's shape in, the messages that failed out."""

from collections.abc import Callable
from typing import Any, Protocol

from functions.common.log import get_logger
from functions.common.metrics import Metrics
from functions.common.names import Outcome
from functions.processor import wiring
from functions.processor.batch import Batch
from functions.processor.message import Message
from functions.processor.time_left import TimeLeft

log = get_logger()


class LambdaContext(Protocol):
    """What we use of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds until this invocation is cut off."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    app = wiring.application()
    return handle(
        event,
        batch=app.batch,
        metrics=app.metrics,
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
    )


def handle(
    event: dict[str, Any], *, batch: Batch, metrics: Metrics, remaining_seconds: Callable[[], float]
) -> dict[str, Any]:
    """Run one batch and name the messages that are to be delivered again.

    WARNING: an answer without `batchItemFailures` makes Lambda delete every message, and one unknown id makes it
    return every message. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    messages = [Message.from_record(record) for record in event.get("Records") or []]
    try:
        results = batch.run(messages, TimeLeft(remaining_seconds))
    finally:
        metrics.flush()
    return {
        "batchItemFailures": [
            {"itemIdentifier": result.message.message_id} for result in results if result.outcome is Outcome.RETRY
        ]
    }
