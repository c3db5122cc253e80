"""The operator's commands as a command line: what they teach, refuse and never print."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluxa.cli import run
from tests.support.batch_server import API_KEY, BatchServer, batch_server


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with batch_server() as running:
        yield running


@pytest.fixture
def outputs(server: BatchServer, tmp_path: Path) -> str:
    return str(server.write_outputs(tmp_path))


@pytest.mark.parametrize(
    "command", [("send",), ("events",), ("timeline",), ("trace",), ("erase",), ("dlq", "list"), ("dlq", "show")]
)
@pytest.mark.parametrize("taught", ["Example", "Exit codes", "--stack", "--outputs"])
def test_each_command_teaches_examples_exit_codes_and_how_to_name_a_stack(
    command: tuple[str, ...], taught: str, capsys: pytest.CaptureFixture[str]
):
    assert 0 == run([*command, "--help"])
    assert taught in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "--from", "yesterday"),
        ("events", "--stack", "dev", "--outputs", "x.json"),
        ("timeline",),
        ("erase",),
        ("erase", "", "--yes"),
        ("send",),
        ("send", "x", "--concurrency", "0"),
        ("dlq", "redrive", "--rate", "0"),
    ],
)
def test_a_wrong_command_line_leaves_with_two(arguments: tuple[str, ...]):
    assert 2 == run(arguments)


def test_a_table_shows_ids_whole_and_takes_nothing_for_markup(
    server: BatchServer, outputs: str, capsys: pytest.CaptureFixture[str]
):
    event = {"event_id": "e" * 128, "type": "[red]x[/red]", "status": "completed", "source": None}
    server.listing = lambda parameters: {"items": [event], "next_cursor": None}

    assert 0 == run(["events", "--user", "u1", "--outputs", outputs])

    printed = capsys.readouterr().out
    assert "e" * 128 in printed
    assert "[red]x[/red]" in printed
    assert "user_id=u1" in server.requests[0]["path"]


def test_json_is_a_line_for_each_event(server: BatchServer, outputs: str, capsys: pytest.CaptureFixture[str]):
    items = [{"event_id": "e-1"}, {"event_id": "e-2"}]
    server.listing = lambda parameters: {"items": items, "next_cursor": None}

    run(["events", "--json", "--outputs", outputs])

    assert items == [json.loads(line) for line in capsys.readouterr().out.splitlines()]


TIMELINE = {
    "event_id": "e-1",
    "status": "dead_lettered",
    "earlier_attempts": 0,
    "entries": [
        {"at": "2026-11-23T12:00:00.123456Z", "kind": "accepted", "correlation_id": "c-1"},
        {"at": "2026-11-23T12:00:01.123456Z", "kind": "dead_lettered", "attempt": 1, "code": "x", "message": "[b]No."},
    ],
}


def test_a_timeline_is_a_table_for_people(server: BatchServer, outputs: str, capsys: pytest.CaptureFixture[str]):
    server.events["e-1/timeline"] = TIMELINE

    assert 0 == run(["timeline", "e-1", "--outputs", outputs])

    printed = capsys.readouterr()
    assert ["time", "2026-11-23T12:00:00.123456Z", "2026-11-23T12:00:01.123456Z"] == [
        line.split()[0] for line in printed.out.splitlines()
    ]
    assert "dead_lettered  attempt=1  code=x  message=[b]No." in printed.out
    assert "" == printed.err


def test_a_timeline_is_one_line_of_json_for_programs(
    server: BatchServer, outputs: str, capsys: pytest.CaptureFixture[str]
):
    server.events["e-1/timeline"] = TIMELINE

    assert 0 == run(["timeline", "e-1", "--json", "--outputs", outputs])

    [line] = capsys.readouterr().out.splitlines()
    assert TIMELINE == json.loads(line)


@pytest.mark.parametrize(
    ("earlier", "said"), [(5, "5 earlier attempts are not shown"), (None, "Retention has removed the record")]
)
def test_a_timeline_says_what_it_lacks(
    earlier: int | None, said: str, server: BatchServer, outputs: str, capsys: pytest.CaptureFixture[str]
):
    server.events["e-1/timeline"] = {**TIMELINE, "earlier_attempts": earlier}

    assert 0 == run(["timeline", "e-1", "--outputs", outputs])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("event_id", "said"), [("e-2", "404 Not Found: No such event"), ("a/b", "'a/b' is none")])
def test_an_event_that_is_not_known_leaves_with_one_and_says_why(
    event_id: str, said: str, outputs: str, capsys: pytest.CaptureFixture[str]
):
    assert 1 == run(["timeline", event_id, "--outputs", outputs])
    assert said in capsys.readouterr().err


def test_nobody_is_told_the_key(server: BatchServer, outputs: str, capsys: pytest.CaptureFixture[str]):
    server.troubles = [(403, {"message": "Forbidden"}, {})]

    assert 1 == run(["events", "--outputs", outputs])

    printed = capsys.readouterr()
    assert "does not admit this key" in printed.err
    assert API_KEY not in printed.out + printed.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_complete_commands(shell: str):
    asked = {"_FLUXA_COMPLETE": f"complete_{shell}", "COMP_WORDS": "fluxa dl", "COMP_CWORD": "1"}
    asked |= {"_TYPER_COMPLETE_ARGS": "fluxa dl", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    # As the shell calls it: by the name of the script.
    program = "import sys; sys.argv = ['fluxa']; from fluxa.cli import main; main()"

    done = subprocess.run(
        (sys.executable, "-c", program),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).resolve().parents[4]), **asked},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "dlq" in done.stdout, done.stderr
