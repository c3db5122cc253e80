"""Erases users' events from the dead-letter queue, the payload bucket and the database, as far as time allows.

Objects go before the rows and messages that lead to them, so that work which is cut off is found again and finished.
Doing it again does no harm; that is how late arrivals are found, for as long as an erasure is watched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.common.envelope import PayloadReference
from functions.common.errors import code_of
from functions.common.log import get_logger
from functions.common.metrics import Metrics
from functions.common.names import MetricName
from functions.maintenance.erasure import Erasure, KeyTrace, StoredTrace, Traces
from functions.maintenance.ports import DeadLetters, LookAtDeadLetters, ParkedEvent, PayloadErasure, SecondsLeft

RESERVE_SECONDS = 2.0
"""Nothing is begun with less: a step takes a fraction of it."""

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class Eraser:
    """Works at erasures."""

    dead_letters: LookAtDeadLetters
    payloads: PayloadErasure
    metrics: Metrics

    def work(self, traces: Traces, erasures: Sequence[Erasure], seconds_left: SecondsLeft) -> int:
        """Erase what there is at this moment; return how many erasures were brought to their end, or found at it.

        Raises:
            Exception: What stopped one of them; the others were worked at nevertheless.
        """
        # Whoever else is at one is no slower than we are.
        held = [erasure for erasure in erasures if traces.hold(erasure)]
        run = _Run(eraser=self, traces=traces, seconds_left=seconds_left)
        all_letters_seen = run.erase_dead_letters(held) if held else True
        settled = 0
        failure: Exception | None = None
        for erasure in held:
            try:
                if run.erase_traces(erasure) and all_letters_seen:
                    traces.settle(erasure)
                    settled += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are worked at before it is raised
                log.warning("erasure_stopped", erasure_id=erasure.erasure_id, code=code_of(error))
                failure = failure or error
        if failure is not None:
            raise failure
        return settled


@dataclass(frozen=True, kw_only=True)
class _Run:
    eraser: Eraser
    traces: Traces
    seconds_left: SecondsLeft

    def erase_dead_letters(self, erasures: Sequence[Erasure]) -> bool:
        """Look through the queue once for all of them; tell whether every message was seen."""
        with self.eraser.dead_letters() as queue:
            for events in queue.events():
                for erasure in erasures:
                    if meant := [event for event in events if erasure.covers(event)]:
                        self._erase_letters(queue, erasure, meant)
                if self._is_late():
                    return False
            return not queue.waiting_elsewhere()

    def erase_traces(self, erasure: Erasure) -> bool:
        """Remove the user from the tables; tell whether nothing is left."""
        row: StoredTrace | None = None
        while not self._is_late() and (rows := self.traces.stored(erasure, row)):
            self._remove([row.payload_ref for row in rows if row.payload_ref])
            erased = self.traces.erase_stored(erasure, rows)
            self.eraser.metrics.count(MetricName.EVENTS_ERASED, erased)
            row = rows[-1]
        key: KeyTrace | None = None
        while not self._is_late() and (keys := self.traces.keys(erasure, key)):
            reference = self.eraser.payloads.reference
            self._remove_unneeded(
                erasure, [(key.event_id, reference(key.payload_key)) for key in keys if key.payload_key]
            )
            self.traces.erase_keys(erasure, keys)
            key = keys[-1]
        return not self._is_late()

    def _erase_letters(self, queue: DeadLetters, erasure: Erasure, events: Sequence[ParkedEvent]) -> None:
        self._remove_unneeded(erasure, [(event.event_id, event.payload_ref) for event in events if event.payload_ref])
        self.traces.count_dead_letters(erasure, queue.remove(events))

    def _remove_unneeded(self, erasure: Erasure, payloads: Sequence[tuple[str, PayloadReference]]) -> None:
        if not payloads:
            return
        needed = self.traces.needed_elsewhere(erasure, [(event_id, payload.key) for event_id, payload in payloads])
        self._remove([payload for _, payload in payloads if payload.key not in needed])

    def _remove(self, payloads: Sequence[PayloadReference]) -> None:
        if payloads:
            self.eraser.payloads.remove(payloads, within_seconds=self.seconds_left())

    def _is_late(self) -> bool:
        return self.seconds_left() < RESERVE_SECONDS
