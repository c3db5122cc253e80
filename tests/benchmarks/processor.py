"""The processor: its whole handler, on batches of ten events of 1 KB that it has never seen before."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from functions.adapters.event_store import STORE_EVENTS, PostgresEventStore
from functions.adapters.postgres import Database
from functions.common.envelope import Envelope
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.processor.batch import Batch
from functions.processor.failure import FailureDesk
from functions.processor.handler import handle
from functions.processor.offloaded import OffloadedPayloads
from functions.processor.process import Processor
from functions.processor.registry import Registry
from tests.benchmarks.effort import Effort
from tests.benchmarks.examples import payload_text
from tests.benchmarks.quiet import running_as
from tests.benchmarks.report import Report
from tests.benchmarks.round_trips import counted
from tests.benchmarks.timing import Work, compare, timed
from tests.support.envelopes import a_lambda_event, a_message, a_recent_envelope
from tests.support.fakes_processor import HANDLED_BYTES_AT_MOST, FakePayloadStore, FakeSourceQueue
from tests.support.postgres_fixtures import opened_database, session

BATCH = 10
PAYLOAD = payload_text(1_000)
REFUSED = "{" + PAYLOAD
"""Only PostgreSQL notices that this is no JSON: the dearest way for an event to fail."""

Run = Callable[[dict[str, Any]], dict[str, Any]]


def measure(database_url: str, effort: Effort, report: Report) -> None:
    """Add the processor's figures."""
    with opened_database(database_url) as database, session(database_url) as raw, running_as(Service.PROCESSOR):
        run = _processor(database)
        with _storing(raw, BATCH):
            run(_batch(_events()))
        with _storing(raw, BATCH - 1):
            run(_batch(_poisoned()))
        _count_round_trips(database, run, report)

        def raw_statement() -> Work:
            rows = [_row(number, event) for number, event in enumerate(_events())]
            return lambda: raw.execute(STORE_EVENTS, {"events": json.dumps(rows)}).fetchall()

        fresh = timed(lambda: _given(run, _batch(_events())))
        # As a rate, which is how the goal has it: raw seconds over ours.
        report.ratio("processor_vs_raw_sql", compare(timed(raw_statement), over=fresh, pairs=effort.batch_pairs))

        def redelivery() -> Work:
            batch = _batch(_events())
            run(batch)
            return _given(run, batch)

        report.ratio("redelivered_batch", compare(timed(redelivery), over=fresh, pairs=effort.batch_pairs // 3))
        poisoned = timed(lambda: _given(run, _batch(_poisoned())))
        report.ratio("one_poison_in_ten", compare(poisoned, over=fresh, pairs=effort.poison_pairs))


def _processor(database: Database) -> Run:
    """Put the processor together as its wiring does; queue and bucket are fakes."""
    store = PostgresEventStore(database)
    queue, payloads = FakeSourceQueue(), FakePayloadStore()
    metrics = Metrics(service=Service.PROCESSOR, stack="bench")
    batch = Batch(
        processor=Processor(
            store=store,
            offloaded=OffloadedPayloads(store=lambda: payloads, handled_bytes_at_most=HANDLED_BYTES_AT_MOST),
            registry=Registry(),
        ),
        desk=FailureDesk(store=store, queue=lambda: queue, max_receive_count=10),
        metrics=metrics,
        clock=lambda: datetime.now(UTC),
        random=random.random,
    )
    return lambda event: handle(event, batch=batch, metrics=metrics, remaining_seconds=lambda: 30.0)


def _count_round_trips(database: Database, run: Run, report: Report) -> None:
    batch = _batch(_events())
    try:
        with counted(database) as conversation:
            run(batch)
    except NotImplementedError as reason:
        report.missing("processor_roundtrips_clean_batch", str(reason))
        return
    counts = conversation.counts()
    if not counts["round_trips"]:
        raise AssertionError("nothing was heard of the conversation with PostgreSQL")
    report.counts("processor_roundtrips_clean_batch", counts)


@contextmanager
def _storing(connection: Any, events: int) -> Iterator[None]:
    """Make sure that what is about to be measured does what it should."""
    count = "SELECT count(*) FROM events"
    ((before,),) = connection.execute(count)
    yield
    ((after,),) = connection.execute(count)
    if after - before != events:
        raise AssertionError(f"the batch stored {after - before} events, expected {events}")


def _events() -> list[Envelope]:
    return [a_recent_envelope(payload=PAYLOAD, source="shop", user_id="u-7731") for _ in range(BATCH)]


def _poisoned() -> list[Envelope]:
    events = _events()
    events[BATCH // 2] = a_recent_envelope(payload=REFUSED, source="shop", user_id="u-7731")
    return events


def _batch(events: list[Envelope]) -> dict[str, Any]:
    return a_lambda_event(*map(a_message, events))


def _given(run: Run, event: dict[str, Any]) -> Work:
    return lambda: run(event)


def _row(position: int, event: Envelope) -> dict[str, Any]:
    """What the statement wants of an event, made beforehand: only writing it as JSON is the floor's own work."""
    return {
        "position": position,
        "event_id": event.event_id,
        "received_at": event.received_at.isoformat(),
        "type": event.type,
        "source": event.source,
        "user_id": event.user_id,
        "correlation_id": event.correlation_id,
        "payload": event.payload,
        "payload_bytes": event.payload_bytes,
        "payload_sha256": event.payload_sha256,
    }
