"""Workers are killed at any moment, and every event is stored exactly once all the same.

A queue in miniature: a batch that a killed worker did not acknowledge is delivered again, and some events are
delivered to two workers at once, as a standard queue may do at any time. Replays of older events are among them.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from functions.adapters.event_store import PostgresEventStore
from tests.support.envelopes import a_recent_envelope

EVENTS = 600
REPLAYS = 100
WORKERS = 3
KILLS = 10
BATCH = 10
DELIVERED_TWICE = 0.2

WORKER = Path(__file__).with_name("kill_worker.py")
ROOT = WORKER.parents[3]


class Queue:
    """At-least-once delivery."""

    def __init__(self, ids, chance):
        self._waiting = list(ids)
        self._missing = set(ids)
        self._chance = chance
        self._lock = threading.Lock()

    @property
    def is_drained(self):
        return not self._missing

    def receive(self):
        with self._lock:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            self._waiting += [event_id for event_id in batch if self._chance.random() < DELIVERED_TWICE]
            return batch

    def settle(self, batch, acknowledged):
        with self._lock:
            self._missing -= acknowledged
            self._waiting += [event_id for event_id in batch if event_id not in acknowledged]


class Lane:
    """One worker at a time, replaced when it dies; runs in a thread of its own."""

    def __init__(self, queue, database_url):
        self._queue = queue
        self._database_url = database_url
        self.worker = None
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._queue.is_drained:
            with self._running():
                self._feed()

    def _feed(self):
        while not self._queue.is_drained:
            batch = self._queue.receive()
            if not batch:
                time.sleep(0.01)
                continue
            answer = self._ask(batch)
            self._queue.settle(batch, set(answer.split()))
            if not answer.endswith("\n"):
                return

    def _ask(self, batch):
        try:
            self.worker.stdin.write(" ".join(batch) + "\n")
            self.worker.stdin.flush()
            return self.worker.stdout.readline()
        except BrokenPipeError:
            return ""

    @contextmanager
    def _running(self):
        self.worker = subprocess.Popen(
            [sys.executable, WORKER, self._database_url],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield
        finally:
            with self.worker:  # Closes its pipes, which ends a worker that still lives, and waits for it.
                pass


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_workers_are_killed(database_url, database, admin):
    """Effects are rows without a unique key, so doubling would show."""
    admin.execute("CREATE TABLE effects (event_id text)")
    older = [a_recent_envelope(f"e-{EVENTS + number:04}", type="watched") for number in range(REPLAYS)]
    PostgresEventStore(database).store(older, within_seconds=20)
    chance = random.Random(7)
    ids = [f"e-{number:04}" for number in range(EVENTS)]
    ids += [f"{event.event_id}@{event.received_at.isoformat()}" for event in older]
    chance.shuffle(ids)
    queue = Queue(ids, chance)
    lanes = [Lane(queue, database_url) for _ in range(WORKERS)]
    for lane in lanes:
        lane.thread.start()
    killed_in_transaction = 0
    while not queue.is_drained:
        time.sleep(chance.random() * 0.1)
        victim = chance.choice(lanes).worker
        if killed_in_transaction < KILLS and victim is not None and victim.poll() is None:
            killed_in_transaction += _kill_in_transaction(admin, victim)
    for lane in lanes:
        lane.thread.join()

    stored, keys, effects, doubled, replays = admin.execute(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM idempotency_keys WHERE status = 'completed'),"
        " (SELECT count(*) FROM effects),"
        " (SELECT count(*) FROM (SELECT FROM effects GROUP BY event_id HAVING count(*) > 1) AS twice),"
        " (SELECT count(*) FROM replays)"
    ).fetchone()
    assert (EVENTS + REPLAYS, EVENTS + REPLAYS) == (stored, keys)
    assert (EVENTS // 2 + REPLAYS, 0, REPLAYS) == (effects, doubled, replays)
    assert KILLS == killed_in_transaction


def _kill_in_transaction(admin, victim):
    """Kill a worker if it holds a claim that is not committed; tell whether it did."""
    open_transactions = admin.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'fluxa' AND datname = current_database()"
        " AND state = 'idle in transaction' AND client_port = ANY(%s)",
        [_ports(victim)],
    ).fetchone()[0]
    if not open_transactions:
        return 0
    victim.send_signal(signal.SIGKILL)
    return 1


def _ports(process):
    try:
        return [connection.laddr.port for connection in psutil.Process(process.pid).net_connections()]
    except psutil.Error:
        return []
