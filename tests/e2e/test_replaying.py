"""`fluxa replay` against a whole platform: handlers run once more for each replay, however often it is sent."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fluxa.cli import run
from functions.common.identifiers import new_id
from tests.support.api import Api, eventually

EVENTS = 24


class Operator:
    """Types `fluxa replay` in a folder of their own."""

    def __init__(self, outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._outputs = outputs
        self._capsys = capsys

    def replays(self, *arguments: str) -> dict[str, Any]:
        code = run(["replay", *arguments, "--json", "--outputs", str(self._outputs)])
        printed = self._capsys.readouterr()
        assert 0 == code, printed.err
        result: dict[str, Any] = json.loads(printed.out)
        return result


@pytest.fixture
def operator(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.chdir(tmp_path)
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(api.outputs), encoding="utf-8")
    return Operator(outputs, capsys)


def test_each_replay_has_each_event_handled_once_more_and_no_more_often(
    api: Api, operator: Operator, effects: psycopg.Connection, tmp_path: Path
):
    user = new_id()
    # One of them lies in S3.
    payloads: list[Any] = [*range(EVENTS - 1), "x" * 300_000]
    for payload in payloads:
        assert 202 == api.post({"type": "effect.replayed", "user_id": user, "payload": payload}).status_code
    # Of another type of the same user: it is not meant.
    api.post({"type": "order.created", "user_id": user, "payload": 0})

    def times() -> Counter[int]:
        rows = effects.execute("SELECT count(*) FROM test_effects GROUP BY event_id").fetchall()
        return Counter(row[0] for row in rows)

    def handled(count: int) -> bool:
        return times() == {count: EVENTS}

    eventually(lambda: handled(1))
    filters = ("--user", user, "--type", "effect.replayed", "--from", "1h")

    rehearsed = operator.replays(*filters, "--dry-run")
    assert (EVENTS, {"effect.replayed": EVENTS}) == (rehearsed["events"], rehearsed["types"])
    assert (EVENTS - 1, 1) == (rehearsed["payloads"]["inline"], rehearsed["payloads"]["readable"])
    name = new_id()
    assert EVENTS == operator.replays(*filters, "--name", name, "--rate", "200")["sent"]
    eventually(lambda: handled(2))
    # The same once more, as after a kill: it is sent, and known.
    assert EVENTS == operator.replays(*filters, "--name", name)["sent"]
    another = operator.replays(*filters)["replay_id"]

    eventually(lambda: handled(3))
    done = effects.execute(
        "SELECT replay_id, count(*) FROM replays WHERE replay_id IN (%s, %s) GROUP BY replay_id", [name, another]
    ).fetchall()
    assert {name: EVENTS, another: EVENTS} == dict(done)
    assert ["outputs.json"] == [path.name for path in tmp_path.iterdir()]


def test_events_that_failed_are_tried_once_more_from_their_dead_letters(
    api: Api, operator: Operator, effects: psycopg.Connection
):
    user = new_id()
    event_id = api.post({"type": "effect.refused", "user_id": user, "payload": 0}).json()["event_id"]
    eventually(lambda: api.get_event(event_id)["status"] == "dead_lettered")
    # Its message is there once its status is; the list is by user.
    found = operator.replays("--status", "dead_lettered", "--user", user, "--dry-run")
    assert (1, 1) == (found["events"], found["moved"])

    assert 1 == operator.replays("--status", "dead_lettered", "--user", user)["moved"]

    eventually(lambda: api.get_event(event_id)["attempts"] == 2)
    assert "dead_lettered" == api.get_event(event_id)["status"]
