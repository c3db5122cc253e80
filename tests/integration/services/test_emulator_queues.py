"""Our queues answer as the emulator's own do, whatever is done with them; only faster."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fluxa.local import emulator_environment
from fluxa.local.project import PROJECT_DIR

Operation = list[Any]

_PROGRAM = Path(__file__).resolve().parents[2] / "support" / "both_queues.py"

names = st.sampled_from(["main", "main", "main", "main", "main", "dead", "order.fifo"])
numbers = st.integers(0, 30)
several = st.lists(numbers, min_size=1, max_size=4)
seconds = st.integers(0, 9)

# What comes several times is what the others need to have happened before.
operations = st.one_of(
    st.tuples(st.just("send"), names, numbers, st.sampled_from([0, 0, 0, 4])),
    st.tuples(st.just("foreign"), st.sampled_from(["main", "dead"]), numbers),
    *[st.tuples(st.just("receive"), names, st.integers(0, 5), st.none() | st.integers(0, 3))] * 2,
    st.tuples(st.just("receive"), st.just("main"), st.integers(1, 5), st.just(0)),
    *[st.tuples(st.just("poll"), names, st.integers(1, 5))] * 2,
    st.tuples(st.just("poll_nothing_that_fits"), names, st.integers(1, 2)),
    st.tuples(st.just("polled"), several),
    st.tuples(st.just("delete"), numbers),
    *[st.tuples(st.just("hide"), numbers, seconds)] * 2,
    st.tuples(st.just("delete_batch"), names, several),
    st.tuples(st.just("hide_batch"), names, several, seconds),
    st.tuples(st.just("count"), names),
    *[st.tuples(st.just("wait"), st.sampled_from([1, 3, 8]))] * 3,
    st.tuples(st.just("wait"), st.sampled_from([0, 30, 90])),
    st.tuples(st.just("restart")),
    st.tuples(st.just("purge"), st.just("dead")),
)
some = [["send", "main", number, 0] for number in range(6)]


@pytest.fixture(scope="module")
def both() -> Iterator[subprocess.Popen[str]]:
    python = emulator_environment.ensure(PROJECT_DIR)
    command = [str(python), "-P", str(_PROGRAM)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": {"LOG_LEVEL": "ERROR"}}
    with subprocess.Popen(command, text=True, **pipes) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def run(both: subprocess.Popen[str], operations: list[Operation]) -> tuple[list[Any], list[Any]]:
    assert both.stdin
    assert both.stdout
    both.stdin.write(json.dumps(operations) + "\n")
    both.stdin.flush()
    plain, changed = json.loads(both.stdout.readline())
    return plain, changed


# Hidden again by somebody who let it become visible: too rare to wait for.
@example(operations=[["poll", "main", 1], ["wait", 8], ["count", "main"], ["hide", 0, 9], ["poll", "main", 1]])
@settings(max_examples=100)
@given(operations=st.lists(operations, min_size=10, max_size=60))
def test_whatever_is_done_both_answer_and_hold_the_same(both: subprocess.Popen[str], operations: list[Operation]):
    plain, changed = run(both, [*some, *operations])

    assert plain == changed


def test_a_message_is_parked_after_its_last_receive_and_expires_with_its_age(both: subprocess.Popen[str]):
    """What the comparison above is made of happens in it: nothing is the same because nothing happens."""
    parked = [["send", "main", 1, 0], *[["poll", "main", 1], ["wait", 8]] * 3, ["poll", "main", 1], ["wait", 120]]

    _, changed = run(both, [*parked, ["count", "dead"], ["wait", 60], ["count", "dead"], ["send", "main", 2, 4]])

    bodies = [{name: [message["body"] for message in held] for name, held in step["held"].items()} for step in changed]
    assert {"main": ["1"], "dead": [], "order.fifo": []} == bodies[6]
    assert {"main": [], "dead": ["1"], "order.fifo": []} == bodies[7]
    assert "1" == changed[9]["answer"]["Attributes"]["ApproximateNumberOfMessages"]
    assert [] == bodies[11]["dead"]
    assert ["2"] == bodies[12]["main"]
