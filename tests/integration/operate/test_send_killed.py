"""`fluxa send` as a process of its own: its exit codes, what it says, and that a kill neither loses nor doubles."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.batch_server import BatchServer, batch_server

LINES = 5_000


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with batch_server() as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f'{{"type":"order.created","payload":{{"n":{n}}}}}\n' for n in range(LINES))
    return file


def start(server: BatchServer, file: Path | str, *arguments: str, folder: Path) -> subprocess.Popen[str]:
    outputs = server.write_outputs(folder)
    return subprocess.Popen(
        (sys.executable, "-m", "fluxa.cli", "send", str(file), "--outputs", str(outputs), "--json", *arguments),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], text: str | None = None) -> tuple[int, str, str]:
    out, err = process.communicate(text, timeout=60)
    return process.returncode, out, err


def test_killed_in_the_middle_and_started_again_every_event_is_there_once(
    server: BatchServer, file: Path, tmp_path: Path
):
    taken = 0
    middle, go_on = threading.Event(), threading.Event()

    def pause_in_the_middle() -> None:
        nonlocal taken
        taken += 1
        if taken == 5:
            middle.set()
            go_on.wait(30)

    server.on_batch = pause_in_the_middle
    first = start(server, file, "--concurrency", "2", folder=tmp_path)
    assert middle.wait(60)
    first.kill()
    go_on.set()
    assert (-9, "") == finish(first)[:2]
    stored_by_the_first = len(server.accepted)
    assert (tmp_path / "events.jsonl.fluxa-resume").exists()

    code, out, err = finish(start(server, file, folder=tmp_path))

    assert (0, {"lines": LINES, "accepted": LINES, "rejected": 0}) == (code, json.loads(out))
    assert "Going on behind line " in err
    assert 0 < stored_by_the_first < LINES
    assert set(range(LINES)) == {event["payload"]["n"] for event in server.accepted.values()}
    assert (LINES, []) == (len(server.accepted), server.conflicts)
    # What was acknowledged was not sent again; only the batches under way were.
    assert server.deliveries < LINES + 5 * 500
    assert ["events.jsonl", "outputs.json"] == sorted(path.name for path in tmp_path.iterdir())


def test_rejected_lines_are_counted_listed_and_told_by_the_exit_code(server: BatchServer, file: Path, tmp_path: Path):
    with file.open("a") as out:
        out.write('{"type":"half')

    code, out, err = finish(start(server, file, folder=tmp_path))

    assert (3, {"lines": LINES + 1, "accepted": LINES, "rejected": 1}) == (code, json.loads(out))
    assert err.endswith("events.jsonl.rejected.jsonl names each rejected line, and why.\n")
    assert LINES + 1 == json.loads((tmp_path / "events.jsonl.rejected.jsonl").read_text())["line"]


def test_what_could_not_be_finished_says_how_to_go_on(server: BatchServer, file: Path, tmp_path: Path):
    server.troubles = [(403, {"message": "Forbidden"}, {})] * 8

    code, out, err = finish(start(server, file, folder=tmp_path))

    assert (1, "") == (code, out)
    assert "0 lines are acknowledged; run the same command again to go on." in err
    assert "key-of-the-tests" not in err


def test_a_pipe_is_sent(server: BatchServer, tmp_path: Path):
    code, out, err = finish(start(server, "-", folder=tmp_path), '{"type":"a"}\n' * 3)

    assert (0, 3, 3, "") == (code, json.loads(out)["accepted"], len(server.accepted), err)


def test_a_large_file_is_never_held_in_memory(server: BatchServer, tmp_path: Path):
    def peak(megabytes: int) -> int:
        file = tmp_path / f"{megabytes}.jsonl"
        line = f'{{"type":"a","payload":"{"x" * 100_000}"}}\n'
        file.write_text(line * (megabytes * 10), encoding="utf-8")
        sizes: list[int] = []
        process = start(server, file, "--concurrency", "1", folder=tmp_path)
        watched = psutil.Process(process.pid)
        server.on_batch = lambda: sizes.append(watched.memory_info().rss)
        assert 0 == finish(process)[0]
        server.accepted.clear()
        return max(sizes)

    assert peak(100) - peak(10) < 40_000_000
