"""Retention with three million events: months go in an instant, writes go on, and nothing younger is touched."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from functions.common.metrics import Metrics
from functions.common.names import DatabaseRole, Service
from functions.maintenance.handler import handle
from functions.maintenance.logins import Logins
from functions.maintenance.partitions import partition_name
from functions.maintenance.retention import Retention
from functions.maintenance.tasks import Maintenance
from functions.maintenance.wiring import Caretaker
from tests.support.months_of_events import fill_month, month_start
from tests.support.owned_database import PASSWORDS, OwnedDatabase, owned_database, owners_server
from tests.support.steady_writer import SteadyWriter, steady_writer

pytestmark = pytest.mark.timeout(1_800)

EVENTS = 3_000_000
MONTHS = range(-7, 1)
FAILED_PER_MONTH = 5_000
TOUCHED = 1_000
"""Keys of an expired month whose messages came again last week."""

DAYS = 90
KEY_DAYS = 35
INVOCATION_SECONDS = 300.0
PROMISED_SECONDS = 1.0

YOUNGER_EVENTS = """
SELECT count(*), sum(hashtextextended(e::text, 0)::numeric) FROM events AS e
 WHERE received_at >= %(kept_from)s AND type <> 'live'
"""
YOUNGER_KEYS = """
SELECT count(*), sum(hashtextextended(k::text, 0)::numeric) FROM idempotency_keys AS k
 WHERE (received_at >= %(kept_from)s OR updated_at >= %(touched_from)s) AND event_id NOT LIKE 'live-%%'
"""
YOUNGER_REPLAYS = """
SELECT count(*), sum(hashtextextended(r::text, 0)::numeric) FROM replays AS r JOIN idempotency_keys USING (event_id)
 WHERE received_at >= %(kept_from)s OR updated_at >= %(touched_from)s
"""
EXPIRED_KEYS = (
    "SELECT count(*) FROM idempotency_keys WHERE received_at < %(kept_from)s AND updated_at < %(touched_from)s"
)


@dataclass
class Stopwatch:
    """How long each statement of the maintenance function took."""

    timed: list[tuple[str, float, float]] = field(default_factory=list)
    """The statement, when it began, and how many seconds it took."""

    def of(self, *words: str) -> list[tuple[float, float]]:
        return [(began, took) for text, began, took in self.timed if all(word in text for word in words)]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the task among the writes, and what the database held before and after."""

    result: dict[str, Any]
    metrics: dict[str, Any]
    stopwatch: Stopwatch
    writer: SteadyWriter
    expired: list[str]
    expired_keys: int
    before: dict[str, tuple[Any, ...]]
    after: dict[str, tuple[Any, ...]]
    seconds: float

    def drops(self) -> dict[str, float]:
        """How long each month took: to mark, detach and drop."""
        return {name: sum(took for _, took in self.stopwatch.of(f'"{name}"')) for name in self.expired}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnedDatabase]:
    with owners_server(tmp_path_factory.mktemp("scale")) as server, owned_database(server) as owned:
        owned.prepare()
        yield owned


@pytest.fixture(scope="module")
def run(database: OwnedDatabase) -> Run:
    """Everything is measured once; the tests below read it."""
    today = datetime.now(UTC)
    starts = [month_start(offset, today) for offset in (*MONTHS, MONTHS.stop)]
    expired = [start for start, end in pairwise(starts) if end <= today - timedelta(days=DAYS)]
    horizon = {"kept_from": starts[len(expired)], "touched_from": today - timedelta(days=KEY_DAYS)}
    _fill(database, starts)
    with database.owner() as owner:
        (expired_keys,) = owner.execute(EXPIRED_KEYS, horizon).fetchone() or (0,)
        before = _younger(owner, horizon)
        processor = database.url(DatabaseRole.PROCESSOR, PASSWORDS[DatabaseRole.PROCESSOR])
        with steady_writer(processor, type="live") as writer:
            time.sleep(2)
            result, metrics, stopwatch, seconds = _remove(database)
            time.sleep(1)
        done = Run(
            result=result,
            metrics=metrics,
            stopwatch=stopwatch,
            writer=writer,
            expired=[partition_name(start) for start in expired],
            expired_keys=expired_keys,
            before=before,
            after={**_younger(owner, horizon), "expired": owner.execute(EXPIRED_KEYS, horizon).fetchone() or ()},
            seconds=seconds,
        )
    _print(done)
    return done


def _fill(database: OwnedDatabase, starts: list[datetime]) -> None:
    with database.owner() as owner:
        owner.execute("SET statement_timeout = 0")
        owner.execute("SET synchronous_commit = off")
        for start, end in pairwise(starts):
            fill_month(owner, start=start, end=end, events=EVENTS // len(MONTHS), failed=FAILED_PER_MONTH)
        owner.execute(
            "UPDATE idempotency_keys SET updated_at = now() - interval '7 days'"
            " WHERE event_id IN (SELECT %s || '-' || n FROM generate_series(1, %s) AS n)",
            [partition_name(starts[0]), TOUCHED],
        )
        # As autovacuum has done by and by in all those months.
        owner.execute("VACUUM (ANALYZE) events, idempotency_keys, replays")


def _younger(owner: psycopg.Connection[Any], horizon: dict[str, datetime]) -> dict[str, tuple[Any, ...]]:
    owner.execute("SET statement_timeout = 0")
    queries = {"events": YOUNGER_EVENTS, "keys": YOUNGER_KEYS, "replays": YOUNGER_REPLAYS}
    return {name: owner.execute(query, horizon).fetchone() or () for name, query in queries.items()}


def _remove(database: OwnedDatabase) -> tuple[dict[str, Any], dict[str, Any], Stopwatch, float]:
    """Let the maintenance function do the task, as its schedule says it."""
    stopwatch, lines = Stopwatch(), []

    class Timed(psycopg.Connection[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            began = time.monotonic()
            try:
                return super().execute(query, *arguments, **options)
            finally:
                text = query if isinstance(query, str) else query.as_string(self)
                stopwatch.timed.append((text, began, time.monotonic() - began))

    @contextmanager
    def connect() -> Iterator[psycopg.Connection[Any]]:
        connection = Timed.connect(database.url(), autocommit=True)
        try:
            yield connection
        finally:
            connection.close()

    nothing: Any = None  # What other tasks need.
    metrics = Metrics(service=Service.MAINTENANCE, stack="scale", write=lines.append)
    maintenance = Maintenance(
        connect=connect,
        metrics=metrics,
        logins=Logins(backend="iam", passwords={}),
        retention=Retention(days=DAYS, key_days=KEY_DAYS),
        reconciliation=nothing,
        orphans=nothing,
        erasures=nothing,
    )
    began = time.monotonic()
    result = handle(
        {"task": "retention"},
        Caretaker(maintenance=maintenance, rotation=nothing, erasure_calls=nothing, metrics=metrics),
        lambda: began + INVOCATION_SECONDS - time.monotonic(),
    )
    return result, json.loads(lines[0]), stopwatch, time.monotonic() - began


def _print(done: Run) -> None:
    months, keys = done.stopwatch.of("ALTER TABLE events"), done.stopwatch.of("DELETE FROM idempotency_keys")
    dropping = (months[0][0], keys[0][0])
    deleting = (keys[0][0], sum(keys[-1]))
    rows = [
        ("events stored before", f"{EVENTS:,} in {len(MONTHS)} months"),
        ("the whole task", f"{done.seconds:.1f} s"),
        *((f"{name}: marked, detached, dropped", f"{took:.3f} s") for name, took in done.drops().items()),
        ("longest batch of ten while months were dropped", f"{done.writer.longest_between(*dropping):.3f} s"),
        ("keys deleted", f"{done.result['keys_deleted']:,} in {deleting[1] - deleting[0]:.1f} s"),
        ("longest statement that deleted keys", f"{max(took for _, took in keys):.3f} s"),
        ("longest batch of ten while keys were deleted", f"{done.writer.longest_between(*deleting):.3f} s"),
        ("batches stored meanwhile", f"{done.writer.batches_between(dropping[0], deleting[1]):,}"),
        *((f"younger {name} left as they were", f"{found[0]:,}") for name, found in done.before.items()),
    ]
    width = max(len(what) for what, _ in rows)
    print("\n\n" + "\n".join(f"  {what:<{width}}  {figure}" for what, figure in rows), file=sys.stderr)


def test_each_month_is_dropped_within_a_second(run: Run):
    assert len(run.expired) >= 4
    assert (run.expired, []) == (run.result["partitions_dropped"], run.result["partitions_postponed"])
    assert [] == [(name, took) for name, took in run.drops().items() if not 0 < took < PROMISED_SECONDS]


def test_writes_go_on_all_the_while(run: Run):
    began, ended = run.stopwatch.timed[0][1], sum(run.stopwatch.timed[-1][1:])

    assert PROMISED_SECONDS > run.writer.longest_between(began, ended)
    assert run.writer.batches_between(began, ended) > 10
    assert run.writer.stored == 10 * len(run.writer.calls)


def test_every_key_behind_the_horizon_is_gone(run: Run):
    months = len(run.expired)

    assert months * (EVENTS // len(MONTHS) + FAILED_PER_MONTH) - TOUCHED == run.expired_keys
    assert (run.expired_keys, (0,)) == (run.result["keys_deleted"], run.after["expired"])


def test_nothing_younger_is_touched(run: Run):
    kept = len(MONTHS) - len(run.expired)

    assert kept * (EVENTS // len(MONTHS)) == run.before["events"][0]
    assert run.before == {name: run.after[name] for name in run.before}


def test_what_was_written_meanwhile_is_there(run: Run, database: OwnedDatabase):
    with database.owner() as owner:
        count = "SELECT (SELECT count(*) FROM events WHERE type = 'live'), count(*) FROM idempotency_keys"

        stored = owner.execute(f"{count} WHERE event_id LIKE 'live-%'").fetchone()

    assert (run.writer.stored, run.writer.stored) == stored


def test_the_task_reports_what_it_did(run: Run):
    assert (len(run.expired), run.expired_keys) == (run.metrics["PartitionsDropped"], run.metrics["KeysDeleted"])
    assert DAYS <= run.metrics["OldestEventDays"] <= DAYS + 31
    assert run.metrics["OldestEventDays"] == run.result["oldest_event_days"]
