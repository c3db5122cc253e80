"""Processes killed and the database gone while events come in: nothing lost, nothing doubled."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import psycopg
import pytest

from fluxa.local.platform import LocalPlatform
from tests.support.api import Api, eventually

EVENTS = 500
KILLS = 20


class Traffic:
    """Events that were accepted, and where they are."""

    def __init__(self, api: Api, connection: psycopg.Connection) -> None:
        self._api = api
        self.connection = connection
        self._run = f"bad-day-{time.time_ns()}"

    def send(self, number: int, *, type: str) -> str:
        """Send one event as a careful client does: again under the same id until it is accepted."""
        event_id = f"{self._run}-{number}"
        for _ in range(20):
            try:
                answer = self._api.post({"event_id": event_id, "type": type, "payload": number})
            except httpx.TransportError:
                continue
            if answer.status_code == 202:
                return event_id
            assert answer.status_code in {502, 503}, answer.text
            time.sleep(0.2)
        raise AssertionError(f"{event_id} was never accepted")

    def rows(self, table: str) -> list[str]:
        query = f"SELECT event_id FROM {table} WHERE event_id LIKE %s"
        return sorted(row[0] for row in self.connection.execute(query, [f"{self._run}-%"]).fetchall())

    def await_stored(self, expected: list[str], *, timeout_seconds: float) -> None:
        eventually(lambda: len(self.rows("events")) >= len(expected), timeout_seconds=timeout_seconds)
        assert sorted(expected) == self.rows("events")


def _workers(platform: LocalPlatform, function: str) -> list[psutil.Process]:
    name = platform.outputs.functions[function]
    found = []
    for process in psutil.Process(platform.emulator.process.pid).children(recursive=True):
        try:
            if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == name:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _is_in_transaction(connection: psycopg.Connection, process: psutil.Process) -> bool:
    """Tell whether the process holds a claim that is not committed: only then is a kill one in mid-batch."""
    try:
        ports = [socket.laddr.port for socket in process.net_connections()]
    except psutil.Error:
        return False
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND client_port = ANY(%s)"
    row = connection.execute(query, [ports]).fetchone()
    return bool(row and row[0])


@pytest.mark.timeout(300)
def test_functions_killed_in_mid_batch_lose_and_double_nothing(
    platform: LocalPlatform, api: Api, effects: psycopg.Connection
):
    traffic = Traffic(api, effects)
    source = random.Random(7)
    accepted: list[str] = []
    sending = threading.Event()
    kills = 0

    def send_all() -> None:
        with ThreadPoolExecutor(4) as pool:
            accepted.extend(pool.map(lambda number: traffic.send(number, type="effect.slow"), range(EVENTS)))
        sending.set()

    sender = threading.Thread(target=send_all)
    sender.start()
    while kills < KILLS:
        time.sleep(source.uniform(0.02, 0.2))
        if busy := [one for one in _workers(platform, "processor") if _is_in_transaction(effects, one)]:
            source.choice(busy).kill()
            kills += 1
        assert not (sending.is_set() and len(traffic.rows("events")) == EVENTS), f"only {kills} kills were possible"
    sender.join()

    traffic.await_stored(accepted, timeout_seconds=200)
    assert sorted(accepted) == traffic.rows("test_effects")
    assert [] == [letter for letter in api.dead_letters() if "bad-day" in letter["Body"]]


@pytest.mark.timeout(300)
def test_a_database_that_is_away_delays_events_and_loses_none(
    platform: LocalPlatform, api: Api, effects: psycopg.Connection
):
    traffic = Traffic(api, effects)
    before = [traffic.send(number, type="plain") for number in range(20)]
    traffic.await_stored(before, timeout_seconds=30)
    effects.close()

    with platform.without_database():
        meanwhile = [traffic.send(number, type="plain") for number in range(20, 60)]
        health = api.client.get("/health")
        time.sleep(5)

    with psycopg.connect(platform.outputs.database_url, autocommit=True) as connection:
        traffic.connection = connection
        traffic.await_stored([*before, *meanwhile], timeout_seconds=200)
    assert (503, "degraded") == (health.status_code, health.json()["status"])
    assert [] == [letter for letter in api.dead_letters() if "bad-day" in letter["Body"]]
