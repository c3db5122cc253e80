"""Processes one batch: exactly one outcome for each message, whatever happens to its neighbours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC

from functions.common.errors import DatabaseUnavailable, FluxaError
from functions.common.log import get_logger
from functions.common.metrics import Metrics
from functions.common.names import MetricName, Outcome
from functions.processor.back_off import back_off_seconds
from functions.processor.failure import OUTAGES, FailureDesk
from functions.processor.message import Message, Result
from functions.processor.ports import Clock, Delay
from functions.processor.process import Delivery, Processor
from functions.processor.time_left import TimeLeft

FUTILE_ATTEMPTS = 2
"""After so many outages in a row the rest of the batch is not tried: each try costs seconds of waiting."""

_LOG_EVENTS = {
    Outcome.PROCESSED: "message_processed",
    Outcome.DUPLICATE: "message_deduplicated",
    Outcome.DEAD_LETTERED: "message_dead_lettered",
    Outcome.RETRY: "message_returned",
}
_COUNTERS = {
    Outcome.PROCESSED: MetricName.EVENTS_PROCESSED,
    Outcome.DUPLICATE: MetricName.EVENTS_DUPLICATED,
    Outcome.DEAD_LETTERED: MetricName.EVENTS_DEAD_LETTERED,
    Outcome.RETRY: MetricName.EVENTS_RETRIED,
}

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Runs batches."""

    processor: Processor
    desk: FailureDesk
    metrics: Metrics
    clock: Clock
    random: Callable[[], float]
    """Draws from 0 up to 1."""

    def run(self, messages: Sequence[Message], time: TimeLeft) -> list[Result]:
        """Bring every message to its end; results are in the messages' order.

        Raises:
            DatabaseUnavailable: It failed every message, so the poller should slow down, which
                it does for a failed invocation and not for ten failed messages.
        """
        deliveries = [Delivery(message=message) for message in messages]
        for delivery in deliveries:
            _attempt(delivery, self.processor.read)
        outages = self._store_together([one for one in deliveries if self.processor.fits_together(one)], time)
        self._handle_one_by_one([one for one in deliveries if one.ended is None], time, outages=outages)
        results = [self._conclude(delivery, time) for delivery in deliveries]
        self._delay(deliveries, results, time)
        if deliveries and all(_is_outage(delivery) for delivery in deliveries):
            raise DatabaseUnavailable(f"The database failed all {len(deliveries)} messages of the batch.")
        return results

    def _store_together(self, deliveries: Sequence[Delivery], time: TimeLeft) -> int:
        """Take the clean batch's way, one statement and one commit; return the number of outages met: none or one."""
        if not deliveries:
            return 0
        try:
            self.processor.store_together(deliveries, time)
        except OUTAGES:
            return 1
        except Exception as error:  # noqa: BLE001 - one by one, the error will meet the message it belongs to
            code = error.code if isinstance(error, FluxaError) else type(error).__name__
            log.info("batch_split", messages=len(deliveries), code=code)
        return 0

    def _handle_one_by_one(self, deliveries: Sequence[Delivery], time: TimeLeft, *, outages: int) -> None:
        for delivery in deliveries:
            if outages < FUTILE_ATTEMPTS:
                _attempt(delivery, lambda one: self.processor.handle_alone(one, time))
                outages = outages + 1 if _is_outage(delivery) else 0
            else:
                delivery.ended = DatabaseUnavailable("Not tried: the database failed the messages before.")

    def _conclude(self, delivery: Delivery, time: TimeLeft) -> Result:
        ended = delivery.ended
        if isinstance(ended, Outcome):
            result = Result(message=delivery.message, outcome=ended)
        elif ended is None:
            raise AssertionError("a message was forgotten")
        else:
            result = self.desk.conclude(delivery, ended, time)
        self._count(delivery, result)
        self._log(delivery, result)
        return result

    def _count(self, delivery: Delivery, result: Result) -> None:
        self.metrics.count(_counter(delivery, result))
        if result.reason is not None:
            self.metrics.count(MetricName.EVENTS_FAILED, reason=result.reason)
        if result.outcome is Outcome.PROCESSED and delivery.envelope is not None:
            latency = self.clock() - delivery.envelope.received_at.astimezone(UTC)
            # Two machines' clocks may disagree by more than processing takes.
            self.metrics.milliseconds(MetricName.EVENT_LATENCY, max(0.0, latency.total_seconds() * 1000))

    def _log(self, delivery: Delivery, result: Result) -> None:
        facts = {
            "outcome": result.outcome.value,
            "message_id": result.message.message_id,
            "event_id": delivery.event_id,
            "correlation_id": delivery.correlation_id,
            "attempt": result.message.receive_count,
        }
        if delivery.replay_id is not None:
            facts["replay_id"] = delivery.replay_id
        name = _LOG_EVENTS[result.outcome]
        if result.reason is None:
            log.info(name, **facts)
        elif isinstance(delivery.ended, FluxaError):
            log.warning(name, **facts, reason=result.reason, error=result.explanation)
        else:
            log.error(name, **facts, reason=result.reason, exc_info=delivery.ended)

    def _delay(self, deliveries: Sequence[Delivery], results: Sequence[Result], time: TimeLeft) -> None:
        """Bring messages back sooner than the visibility time-out would.

        Not after an outage: then the time-out is what gives the database time, times the receives that are left.
        """
        delays = [
            Delay(
                receipt_handle=result.message.receipt_handle,
                seconds=back_off_seconds(result.message.receive_count, self.random),
            )
            for delivery, result in zip(deliveries, results, strict=True)
            if result.outcome is Outcome.RETRY and not _is_outage(delivery)
        ]
        if not delays:
            return
        try:
            self.desk.queue().delay(delays, within_seconds=time.for_aftermath())
        except FluxaError as error:
            log.warning("messages_not_delayed", messages=len(delays), code=error.code, error=error.message)


def _counter(delivery: Delivery, result: Result) -> MetricName:
    """Return what to count: a replay stores nothing, so it must not look like an event that was accepted."""
    if delivery.replay is not None and result.outcome in {Outcome.PROCESSED, Outcome.DUPLICATE}:
        return MetricName.EVENTS_REPLAYED
    return _COUNTERS[result.outcome]


def _attempt(delivery: Delivery, step: Callable[[Delivery], None]) -> None:
    try:
        step(delivery)
    # A handler may also call sys.exit(), which would take nine neighbours with it.
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the error becomes this message's outcome
        delivery.ended = error


def _is_outage(delivery: Delivery) -> bool:
    return isinstance(delivery.ended, OUTAGES)
