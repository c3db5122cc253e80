"""A hundred thousand events from a file into `fluxa dev`, killed once in the middle: each is there once."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.api import Api, eventually
from tests.support.dev_process import DevProcess

EVENTS = 100_000
KIND = "scale.sent"

FLUXA = Path(sys.executable).with_name("fluxa")

ROWS = "SELECT count(*), count(DISTINCT event_id), count(DISTINCT payload->>'n') FROM events WHERE type = %s"

COMMAND_TIMEOUT_SECONDS = 1_500.0
"""Far above what it takes: what was measured is printed, and a busy machine fails no test."""


class Watch:
    """What the emulator and its functions need while somebody watches."""

    def __init__(self, dev: DevProcess) -> None:
        (self._emulator,) = [one for one in dev.family() if "emulator_program" in " ".join(one.cmdline())]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak_bytes = 0
        self._thread.start()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.peak_bytes = max(self.peak_bytes, self._emulator.memory_info().rss)

    def stop(self) -> dict[str, float]:
        self._done.set()
        self._thread.join()
        of_functions = [child.cpu_times() for child in self._emulator.children(recursive=True)]
        own = self._emulator.cpu_times()
        return {
            "emulator_peak_rss_mb": round(self.peak_bytes / 1e6),
            "emulator_cpu_seconds": round(own.user + own.system, 1),
            "functions_cpu_seconds": round(sum(times.user + times.system for times in of_functions), 1),
        }


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[DevProcess]:
    with DevProcess(tmp_path / "state", tmp_path / "scratch") as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for n in range(EVENTS):
            payload = {"n": n, "note": "x" * 200}
            out.write(json.dumps({"type": KIND, "source": "scale", "user_id": f"user-{n % 997}", "payload": payload}))
            out.write("\n")
    return file


def start(dev: DevProcess, *arguments: str) -> subprocess.Popen[str]:
    command = [str(FLUXA), *arguments, "--state-dir", str(dev.state_dir), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, list[Any], str]:
    out, err = process.communicate(timeout=COMMAND_TIMEOUT_SECONDS)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def accepted(resume: Path) -> int:
    return json.loads(resume.read_text(encoding="utf-8"))["accepted"] if resume.exists() else 0


def wait_for_rows(outputs: dict[str, Any]) -> tuple[int, int, int]:
    with psycopg.connect(outputs["database_url"], autocommit=True) as connection:

        def all_rows() -> tuple[int, int, int] | None:
            row = connection.execute(ROWS, [KIND]).fetchone()
            assert row
            return (row[0], row[1], row[2]) if row[0] >= EVENTS else None

        return eventually(all_rows, timeout_seconds=COMMAND_TIMEOUT_SECONDS)


@pytest.mark.timeout(2 * COMMAND_TIMEOUT_SECONDS)
def test_sent_killed_and_resumed_every_event_is_there_once(dev: DevProcess, file: Path):
    outputs = dev.outputs()
    watch = Watch(dev)
    resume = file.with_name(f"{file.name}.fluxa-resume")
    started = time.monotonic()

    first = start(dev, "send", str(file))
    eventually(lambda: accepted(resume) >= EVENTS * 4 // 10, timeout_seconds=COMMAND_TIMEOUT_SECONDS)
    first.kill()
    assert (-signal.SIGKILL, []) == finish(first)[:2]
    assert EVENTS > accepted(resume)
    code, (result,), said = finish(start(dev, "send", str(file)))
    sent = time.monotonic()
    rows = wait_for_rows(outputs)
    drained = time.monotonic()

    assert (0, {"lines": EVENTS, "accepted": EVENTS, "rejected": 0}) == (code, result)
    assert said.startswith("Going on behind line ")
    assert "\nline " in said
    assert (EVENTS, EVENTS, EVENTS) == rows
    assert not resume.exists()
    assert dev.process.poll() is None
    shown = watch.stop() | {"send_seconds": round(sent - started), "drain_seconds": round(drained - sent)}
    print(f"\n{EVENTS:,} events: {json.dumps(shown)}")
    commands_answer(dev, outputs)


def commands_answer(dev: DevProcess, outputs: dict[str, Any]) -> None:
    code, events, _ = finish(start(dev, "events", "--type", KIND, "--limit", "5", "--from", "1d"))
    assert (0, 5) == (code, len(events))
    code, hops, said = finish(start(dev, "trace", events[0]["correlation_id"]))
    assert (0, True) == (code, {"received", "completed", "message_processed"} <= {hop["what"] for hop in hops}), said
    code, (tally,), _ = finish(start(dev, "dlq", "redrive"))
    assert (0, 0) == (code, tally["moved"])
    code, (rehearsed,), _ = finish(start(dev, "replay", "--type", KIND, "--from", "1d", "--dry-run"))
    assert (0, EVENTS, {KIND: EVENTS}) == (code, rehearsed["events"], rehearsed["types"])
    api = Api(outputs)
    assert [] == api.dead_letters()
    api.close()
