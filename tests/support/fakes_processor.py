"""What the processor needs from the world, in memory and breakable at will."""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.common.envelope import Envelope, MessageAttributes, PayloadReference
from functions.common.errors import EventNotFound, FluxaError, PayloadMissing
from functions.common.metrics import Metrics
from functions.common.names import EventStatus, Service
from functions.common.replay import ReplayRequest
from functions.processor.batch import Batch
from functions.processor.failure import FailureDesk
from functions.processor.message import Result
from functions.processor.ports import Arrival, Claim, Delay, Effect, Failure
from functions.processor.process import Processor
from functions.processor.registry import Registry
from functions.processor.time_left import TimeLeft
from tests.support.envelopes import BUCKET, NOW

MAX_RECEIVE_COUNT = 5
"""Deliveries after which the fakes' queue gives a message up."""


class FakeConnection:
    """Stands for the transaction that a handler gets: what it executes counts once the transaction commits."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, statement: str, *_values: Any) -> None:
        self.statements.append(statement)


@dataclass(kw_only=True)
class FakeEventStore:
    """The tables as dictionaries; passes the same tests as the real one (tests/integration/database)."""

    events: dict[str, Envelope] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    """Statements of handlers, committed."""
    replays: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When each replay of an event was requested, by event and replay."""
    refuses: dict[str, BaseException] = field(default_factory=dict)
    """What storing these event ids raises."""
    broken: BaseException | None = None
    """What everything raises."""
    statements: int = 0
    limits: list[float] = field(default_factory=list)

    def store(
        self, events: Sequence[Envelope], *, arrivals: Sequence[Arrival] = (), within_seconds: float
    ) -> list[Claim]:
        with self._transaction(within_seconds):
            return [self._claim(event) for event in events]

    def store_with(
        self, event: Envelope, effect: Effect, *, arrival: Arrival | None = None, within_seconds: float
    ) -> Claim:
        with self._transaction(within_seconds):
            claim = self._claim(event)
            if arrival is not None and arrival.replay_id is not None and claim.is_for(event):
                self.replays.setdefault((event.event_id, arrival.replay_id), arrival.queued_at)
            if claim.is_new:
                self._run(effect)
            return claim

    def find(self, event_id: str, received_at: datetime, *, within_seconds: float) -> Envelope | None:
        with self._transaction(within_seconds):
            found = self.events.get(event_id)
            return found if found is not None and found.received_at == received_at else None

    def replay(self, request: ReplayRequest, effect: Effect, *, requested_at: datetime, within_seconds: float) -> bool:
        with self._transaction(within_seconds):
            if request.event_id not in self.events:
                raise EventNotFound("The event was deleted before it could be replayed.")
            handled = (request.event_id, request.replay_id)
            if handled in self.replays:
                return False
            self.replays[handled] = requested_at
            self._run(effect)
            return True

    def record_failure(self, failure: Failure, *, within_seconds: float) -> None:
        with self._transaction(within_seconds):
            if failure.envelope.event_id not in self.events:
                self.failures[failure.envelope.event_id] = failure

    def status(self, event_id: str) -> EventStatus | None:
        if event_id in self.events:
            return EventStatus.COMPLETED
        return self.failures[event_id].status if event_id in self.failures else None

    @contextmanager
    def _transaction(self, within_seconds: float):
        self.statements += 1
        self.limits.append(within_seconds)
        if self.broken is not None:
            raise self.broken
        before = dict(self.events), dict(self.replays)
        try:
            yield
        except BaseException:
            self.events, self.replays = before
            raise

    def _run(self, effect: Effect) -> None:
        connection = FakeConnection()
        effect(connection)
        self.effects += connection.statements

    def _claim(self, event: Envelope) -> Claim:
        if event.event_id in self.refuses:
            raise self.refuses[event.event_id]
        is_new = event.event_id not in self.events
        stored = self.events.setdefault(event.event_id, event)
        return Claim(is_new=is_new, payload_sha256=stored.payload_sha256, content_sha256=stored.content_sha256)


@dataclass(kw_only=True)
class FakePayloadStore:
    """The bucket as a dictionary."""

    bucket: str = BUCKET
    objects: dict[str, bytes] = field(default_factory=dict)
    broken: BaseException | None = None
    reads: list[str] = field(default_factory=list)

    def get(self, reference: PayloadReference, *, expected_bytes: int, within_seconds: float) -> bytes:
        self.reads.append(reference.key)
        if self.broken is not None:
            raise self.broken
        if reference.key not in self.objects:
            raise PayloadMissing("The payload object does not exist.")
        return self.objects[reference.key][: expected_bytes + 1]


@dataclass(kw_only=True)
class FakeSourceQueue:
    """The queue and its dead-letter queue."""

    parked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)
    broken: FluxaError | None = None

    def park(self, body: str, attributes: MessageAttributes, *, within_seconds: float) -> None:
        if self.broken is not None:
            raise self.broken
        self.parked.append((body, {name: value["StringValue"] for name, value in attributes.items()}))

    def delay(self, delays: Sequence[Delay], *, within_seconds: float) -> None:
        if self.broken is not None:
            raise self.broken
        self.delays += delays


class FakeTime:
    """An invocation's remaining seconds: each look at the clock costs `step`."""

    def __init__(self, seconds: float = 30.0, *, step: float = 0.0) -> None:
        self.seconds = seconds
        self.step = step

    def __call__(self) -> float:
        self.seconds -= self.step
        return self.seconds


@dataclass(kw_only=True)
class Stage:
    """A processor with everything around it."""

    store: FakeEventStore = field(default_factory=FakeEventStore)
    payloads: FakePayloadStore = field(default_factory=FakePayloadStore)
    queue: FakeSourceQueue = field(default_factory=FakeSourceQueue)
    registry: Registry = field(default_factory=Registry)
    time: FakeTime = field(default_factory=FakeTime)
    emf_lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.metrics = Metrics(service=Service.PROCESSOR, stack="test", write=self.emf_lines.append)
        self.batch = Batch(
            processor=Processor(store=self.store, payloads=lambda: self.payloads, registry=self.registry),
            desk=FailureDesk(store=self.store, queue=lambda: self.queue, max_receive_count=MAX_RECEIVE_COUNT),
            metrics=self.metrics,
            clock=lambda: NOW,
            random=lambda: 0.5,
        )

    def run(self, *messages: Any) -> list[Result]:
        return self.batch.run(messages, TimeLeft(self.time))

    def outcomes(self, *messages: Any) -> list[str]:
        return [result.outcome.value for result in self.run(*messages)]
