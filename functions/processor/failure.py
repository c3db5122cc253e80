"""What becomes of a message that failed: parked with its reason, or left on the queue for another try.

Everything here happens after the failed attempt was rolled back, in transactions and calls of its own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from functions.common.envelope import MessageAttributes
from functions.common.errors import (
    UNEXPECTED,
    DatabaseUnavailable,
    FluxaError,
    OutOfTime,
    PayloadMissing,
    PermanentError,
    SecretUnavailable,
    code_of,
)
from functions.common.log import get_logger
from functions.common.names import DeadLetterAttribute, EventStatus, MessageAttribute, Outcome
from functions.processor.message import Result
from functions.processor.ports import EventStore, Failure, SourceQueue
from functions.processor.process import Delivery
from functions.processor.time_left import TimeLeft

OUTAGES = (DatabaseUnavailable, SecretUnavailable)
"""Errors that say nothing about the message: no other one would have fared better."""

PAYLOAD_MISSING_PATIENCE = 3
"""Deliveries until a missing object counts as lost.

Ingest stores the object before it sends the message, so it is there, or somebody deleted it; the tries in between
forgive whatever else made S3 say so.
"""

EXPLANATION_LIMIT = 1000
"""Characters of an error's own words that are kept."""

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html names what SQS accepts;
# PostgreSQL takes neither NUL nor surrogates, which this excludes as well.
_UNSENDABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class FailureDesk:
    """Ends failed deliveries."""

    store: EventStore
    queue: Callable[[], SourceQueue]
    """Called at the first failure: its client is not worth a cold start."""
    max_receive_count: int
    """Deliveries after which the queue gives a message up."""

    def conclude(self, delivery: Delivery, error: BaseException, time: TimeLeft) -> Result:
        """Park or keep the message, record why, and return its outcome. Never raises an `Exception`."""
        explanation = explain(error)
        reason = code_of(error)
        outcome = Outcome.RETRY
        if is_hopeless(error, receive_count=delivery.message.receive_count) or self._is_last_try(delivery, error):
            unparked = self._park(delivery, reason, explanation, time)
            # What could not be parked must not be lost: it is a retry, because the queue failed.
            outcome, reason = (Outcome.RETRY, unparked) if unparked else (Outcome.DEAD_LETTERED, reason)
        if not isinstance(error, (*OUTAGES, OutOfTime)):
            self._record(delivery, error, outcome, time)
        return Result(message=delivery.message, outcome=outcome, reason=reason, explanation=explanation)

    def _is_last_try(self, delivery: Delivery, error: BaseException) -> bool:
        """Tell whether the queue would give the message up next: it would park it without a reason, so we do it.

        Not for what says nothing about the message; an operator finds those by their number, and redrives them.
        """
        exhausted = delivery.message.receive_count >= self.max_receive_count
        return exhausted and not isinstance(error, (*OUTAGES, OutOfTime))

    def _park(self, delivery: Delivery, reason: str, explanation: str, time: TimeLeft) -> str | None:
        """Send the message to the dead-letter queue; return None, or the code of what prevented it."""
        attributes = _dead_letter_attributes(delivery, reason, explanation)
        try:
            self.queue().park(delivery.message.body, attributes, within_seconds=time.for_aftermath())
        except Exception as error:  # Whatever it is, the message stays on the queue.
            log.warning(
                "message_not_parked",
                message_id=delivery.message.message_id,
                correlation_id=delivery.correlation_id,
                reason=reason,
                prevented_by=code_of(error),
                exc_info=not isinstance(error, FluxaError),
            )
            return code_of(error)
        return None

    def _record(self, delivery: Delivery, error: BaseException, outcome: Outcome, time: TimeLeft) -> None:
        # A replay's failure is no part of the event's history: the event is stored, and stays as it is.
        if delivery.envelope is None:
            return
        parked = outcome is Outcome.DEAD_LETTERED
        failure = Failure(
            envelope=delivery.envelope,
            status=EventStatus.DEAD_LETTERED if parked else EventStatus.FAILED,
            code=code_of(error),
            message=explain(error),
            arrival=delivery.message.arrival,
        )
        try:
            self.store.record_failure(failure, within_seconds=time.for_aftermath())
        except Exception as problem:  # The history is worth less than the neighbours' answers.
            log.warning(
                "failure_not_recorded",
                event_id=delivery.event_id,
                correlation_id=delivery.correlation_id,
                prevented_by=code_of(problem),
                exc_info=not isinstance(problem, FluxaError),
            )


def is_hopeless(error: BaseException, *, receive_count: int) -> bool:
    """Tell whether another try must fail the same way. Bugs are ours and get fixed, so they are worth retrying."""
    if isinstance(error, PayloadMissing):
        return receive_count >= PAYLOAD_MISSING_PATIENCE
    return isinstance(error, PermanentError)


def explain(error: BaseException) -> str:
    """Return an error's words, fit for queue and table; of a bug only its type: its words may quote the payload."""
    text = str(error) if isinstance(error, FluxaError) else f"{UNEXPECTED}: {type(error).__name__}"
    return sendable(text)[:EXPLANATION_LIMIT]


def sendable(text: str) -> str:
    """Replace the characters that SQS or PostgreSQL refuse."""
    return _UNSENDABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _dead_letter_attributes(delivery: Delivery, reason: str, explanation: str) -> MessageAttributes:
    message = delivery.message
    values: dict[str, str] = {
        **{name.value: message.attributes[name] for name in MessageAttribute if name in message.attributes},
        MessageAttribute.CORRELATION_ID.value: delivery.correlation_id,
        **({} if delivery.replay is None else {MessageAttribute.REPLAY_ID.value: delivery.replay.replay_id}),
        DeadLetterAttribute.REASON.value: reason,
        DeadLetterAttribute.ERROR.value: explanation or reason,
        DeadLetterAttribute.MESSAGE_ID.value: message.message_id,
    }
    return {name: {"DataType": "String", "StringValue": sendable(value)} for name, value in values.items()}
