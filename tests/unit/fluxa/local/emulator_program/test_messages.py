"""A queue whose messages are found at once. That it answers as the emulator's is proven in tests/integration."""

import itertools
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from fluxa.local.emulator_program.messages import Messages


def a_message(number: int, *, sent_at: float = 0.0) -> dict[str, Any]:
    fields = {"sent_at": sent_at, "visible_at": sent_at, "receive_count": 0, "first_receive_at": None}
    return {"id": str(number), "body": str(number), "receipt_handle": None, **fields}


def a_queue(length: int) -> Messages:
    return Messages((a_message(number) for number in range(length)), complete=lambda _: None)


handles = (f"handle-{number}" for number in itertools.count())


def receive(queue: Messages, limit: int = 10, *, now: float = 1.0) -> list[dict[str, Any]]:
    return queue.receive(limit, now=now, hidden_for=30, new_handle=lambda: next(handles))


def seconds_of_work(queue: Messages, rounds: int = 200) -> float:
    """CPU time of so many receives of ten and deletes of what was received, each followed by every sweep there is."""
    started = time.thread_time()
    for _ in range(rounds):
        for message in receive(queue):
            assert queue.delete(message["receipt_handle"])
        queue.expire(-1.0)
        assert queue.take_out_received(3, now=1.0) == []
        queue.counts(1.0)
    return time.thread_time() - started


def test_work_on_a_long_queue_takes_no_longer_than_on_a_short_one():
    long = a_queue(60_000)
    receive(long, 1)  # What comes with the first look at so many is not what is measured.

    assert seconds_of_work(long) < 10 * max(seconds_of_work(a_queue(2_000)), 0.005)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_what_comes_while_others_are_received_and_deleted_is_there_once():
    """The emulator's poller is a thread of its own."""
    queue = a_queue(0)
    seen: list[str] = []

    def consume() -> None:
        while len(seen) < 20_000 and not stop.is_set():
            for message in receive(queue):
                seen.append(message["id"])
                queue.delete(message["receipt_handle"])

    stop = threading.Event()
    consumer = threading.Thread(target=consume)
    consumer.start()
    for number in range(20_000):
        queue.append(a_message(number))
    consumer.join(30)
    stop.set()

    assert [str(number) for number in range(20_000)] == seen
    assert 0 == len(queue)


def test_what_was_deleted_leaves_nothing_behind():
    queue = a_queue(0)

    def pass_through(count: int) -> None:
        for number in range(count):
            queue.append(a_message(number))
            (message,) = receive(queue)
            queue.delete(message["receipt_handle"])

    pass_through(1_000)
    tracemalloc.start()
    pass_through(5_000)
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert left < 100_000


def test_only_what_was_received_can_be_removed():
    queue = a_queue(2)
    (received,) = receive(queue, 1)

    queue.remove(received)

    assert ["1"] == [message["id"] for message in queue]
    with pytest.raises(ValueError, match="no such message"):
        queue.remove(queue[-1])
