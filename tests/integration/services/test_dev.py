"""The life of `fluxa dev`: it keeps events through whatever ends it, and leaves nothing behind."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from tests.support.api import Api
from tests.support.dev_process import DevProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OUTPUTS = {
    "api_url",
    "api_key",
    "database_url",
    "aws_endpoint_url",
    "region",
    "access_key_id",
    "secret_access_key",
    "queue_url",
    "dead_letter_queue_url",
    "payload_bucket",
    "functions",
}


class Start(Protocol):
    def __call__(self, name: str = "state", *arguments: str) -> DevProcess: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `fluxa dev` on the state with this name; all are gone after the test."""
    with ExitStack() as running:

        def begin(name: str = "state", *arguments: str) -> DevProcess:
            return running.enter_context(DevProcess(tmp_path / name, tmp_path / f"{name}-tmp", *arguments))

        yield begin


@contextmanager
def api_of(dev: DevProcess) -> Iterator[Api]:
    """The API of a platform once it is ready."""
    api = Api(dev.outputs())
    try:
        yield api
    finally:
        api.close()


def alive(processes: Sequence[psutil.Process]) -> list[str]:
    """Return what still runs; zombies wait for a parent that may not be ours."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found


def store(api: Api, type_: str) -> str:
    """Post an event, wait until it is stored, and return its id."""
    event_id: str = api.post({"type": type_}).json()["event_id"]
    api.get_event(event_id)
    return event_id


def kept(api: Api, events: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the types of these events as they are stored, and the messages in the dead-letter queue."""
    return [api.get_event(event)["type"] for event in events], [message["Body"] for message in api.dead_letters()]


def left_behind(dev: DevProcess) -> list[str]:
    """Return temporary files, of the system's folder and of the emulator's own."""
    places = (dev.scratch, dev.state_dir / "emulator" / "tmp")
    shelters = list(dev.state_dir.glob("*.shelter"))
    return [str(path) for place in places if place.exists() for path in place.iterdir()] + [*map(str, shelters)]


def test_it_says_all_in_one_line_and_a_signal_leaves_nothing(start: Start):
    dev = start()
    with api_of(dev) as api:
        accepted = api.client.post("/events", content=b'{"type":"order.created","user_id":"u1","payload":{"n":1}}')
        stored = api.get_event(accepted.json()["event_id"])
    family = dev.family()

    seconds = dev.stop(signal.SIGTERM)

    assert set(api.outputs) == OUTPUTS
    assert {"ingest", "processor", "query", "maintenance"} == set(api.outputs["functions"])
    assert (202, {"n": 1}) == (accepted.status_code, stored["payload"])
    assert dev.process.stdout
    assert (b"", 0) == (dev.process.stdout.read(), dev.process.returncode)
    assert "Stack deployed" in dev.said()
    assert "Traceback" not in dev.said()
    assert seconds < 5
    assert len(family) > 3
    assert [] == alive(family)
    assert [] == left_behind(dev)


def test_events_and_messages_outlive_a_stop_and_kill_9_but_not_a_reset(start: Start):
    first = start()
    with api_of(first) as api:
        events = [store(api, "before.stop")]
        api.aws("sqs").send_message(QueueUrl=api.outputs["dead_letter_queue_url"], MessageBody="waits for a person")
    # A second Ctrl-C, from an impatient person, must not spoil what the first has begun.
    first.stop(signal.SIGINT, times=2)

    second = start()
    with api_of(second) as api:
        after_the_stop = kept(api, events)
        events.append(store(api, "before.kill"))
    orphans = second.family()
    second.stop(signal.SIGKILL)
    survived_the_kill = alive(orphans)

    third = start()
    with api_of(third) as api:
        after_the_kill = kept(api, events)
    third.stop()

    with api_of(start("state", "--reset")) as api:
        after_a_reset = api.list_events()

    assert (["before.stop"], ["waits for a person"]) == after_the_stop
    assert [] != survived_the_kill
    assert [] == alive(orphans)
    assert (["before.stop", "before.kill"], ["waits for a person"]) == after_the_kill
    assert {"items": [], "next_cursor": None} == after_a_reset


def test_events_and_messages_are_the_same_under_every_profile(start: Start):
    first = start("state", "--profile", "prod")
    with api_of(first) as api:
        events = [store(api, "under.prod")]
        api.aws("sqs").send_message(QueueUrl=api.outputs["dead_letter_queue_url"], MessageBody="waits for a person")
    first.stop()

    with api_of(start()) as api:
        after = kept(api, events)
        name, stack = api.outputs["functions"]["query"], api.client.get("/health").json()["stack"]

    assert (["under.prod"], ["waits for a person"]) == after
    assert ("fluxa-local-query", "local") == (name, stack)


def test_two_run_at_once_and_a_killed_emulator_ends_only_its_own_platform(start: Start):
    first, second = start("one"), start("two")
    urls = [dev.outputs()["api_url"] for dev in (first, second)]
    third = start("one")
    third.process.wait(60)
    family = first.family()
    (emulator,) = [process for process in family if any("emulator_program" in word for word in process.cmdline())]

    emulator.kill()
    first.process.wait(20)

    assert urls[0] != urls[1]
    assert 1 == third.process.returncode
    assert f"process {first.process.pid} since" in third.said()
    assert 1 == len(third.said().splitlines())
    assert 1 == first.process.returncode
    assert (
        first.said()
        .splitlines()[-1]
        .startswith("fluxa: The AWS emulator has stopped by itself, and events that waited in its queues are lost")
    )
    assert "Traceback" not in first.said()
    assert [] == alive(family)
    assert [] == left_behind(first)
    assert second.process.poll() is None


@pytest.mark.parametrize("seconds", [0.0, 1.0, 3.0, 6.0])
def test_a_signal_in_the_middle_of_a_start_leaves_nothing(start: Start, seconds: float):
    dev = start()
    dev.wait_for_children(1)
    time.sleep(seconds)
    family = dev.family()

    taken = dev.stop(signal.SIGINT)

    assert taken < 5
    assert dev.process.returncode in {128 + signal.SIGINT, 0}
    assert "Traceback" not in dev.said()
    assert [] == alive(family)
    assert [] == left_behind(dev)
