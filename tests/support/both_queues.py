"""The emulator's queues as they are and as we change them, side by side: run by the emulator's interpreter.

Reads lists of operations, one JSON line each, and answers each with what either of the two said and held after every
operation. Clock and ids are made up, so the two must agree to the letter.
"""

import importlib.util
import inspect
import itertools
import json
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[2]))

from ministack.core import persistence  # type: ignore[import-not-found]  # it is not installed here
from ministack.services import sqs as installed  # type: ignore[import-not-found]  # it is not installed here

from fluxa.local.emulator_program import queues

NAMES = ("main", "dead", "order.fifo")
_ARN = "arn:aws:sqs:us-east-1:000000000000:"
_REDRIVE = json.dumps({"deadLetterTargetArn": f"{_ARN}dead", "maxReceiveCount": 3})
_ATTRIBUTES = {
    "dead": {"MessageRetentionPeriod": "200"},
    "main": {"MessageRetentionPeriod": "120", "RedrivePolicy": _REDRIVE, "VisibilityTimeout": "7"},
    "order.fifo": {"ContentBasedDeduplication": "true", "VisibilityTimeout": "3"},
}


def a_copy(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, installed.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


class World:
    """One copy of the module, from the first operation on."""

    def __init__(self, sqs: ModuleType) -> None:
        self.sqs = sqs
        self.now = 1_000_000.0
        time.time = lambda: self.now
        self.handles: list[tuple[str, str]] = []
        numbers = itertools.count()
        sqs.new_uuid = lambda: f"id-{next(numbers)}"
        sqs.reset()
        for name in ("dead", "main", "order.fifo"):
            self.act("CreateQueue", QueueName=name, Attributes=_ATTRIBUTES[name])

    def act(self, action: str, **data: Any) -> Any:
        try:
            answer = self.sqs._HANDLERS[action](data, "")
            return at_once(answer) if inspect.iscoroutine(answer) else answer
        except self.sqs._Err as error:
            return [error.code, error.message, error.status]

    def queue(self, name: str) -> dict[str, Any]:
        return self.sqs._get_q(name)

    def handle(self, number: int) -> tuple[str, str]:
        return self.handles[number % len(self.handles)] if self.handles else ("main", "never-given")

    def run(self, operation: list[Any]) -> Any:
        name, *arguments = operation
        answer = getattr(self, f"do_{name}")(*arguments)
        woken = self.sqs.esm_wake.is_set()
        self.sqs.esm_wake.clear()
        return {"answer": answer, "woken": woken, "held": {name: self.held(name) for name in NAMES}}

    def held(self, name: str) -> list[Any]:
        return [dict(message) for message in self.queue(name)["messages"]]

    def do_send(self, name: str, body: int, delay: int) -> Any:
        fifo = {"MessageGroupId": str(body % 2)} if name.endswith(".fifo") else {"DelaySeconds": delay}
        return self.act("SendMessage", QueueUrl=name, MessageBody=str(body), **fifo)

    def do_foreign(self, name: str, body: int) -> None:
        """As other services of the emulator do, with fewer fields."""
        fields = {"sent_at": self.now, "visible_at": self.now, "receive_count": 0, "receipt_handle": None}
        self.queue(name)["messages"].append({"id": f"foreign-{body}", "body": str(body), **fields})
        self.sqs._ensure_msg_fields(self.queue(name)["messages"][-1])

    def do_receive(self, name: str, limit: int, hidden_for: int | None) -> Any:
        seconds = {} if hidden_for is None else {"VisibilityTimeout": hidden_for}
        answer = self.act("ReceiveMessage", QueueUrl=name, MaxNumberOfMessages=limit, AttributeNames=["All"], **seconds)
        if isinstance(answer, dict):
            self.handles += [(name, message["ReceiptHandle"]) for message in answer.get("Messages", [])]
        return answer

    def do_poll(self, name: str, limit: int) -> Any:
        """As the poller of functions does."""
        batch = self.sqs._receive_messages_for_esm(name, limit)
        self.handles += [(name, message["receipt_handle"]) for message in batch]
        return [dict(message) for message in batch]

    def do_poll_nothing_that_fits(self, name: str, limit: int) -> None:
        """As the poller does when all that it gets is filtered out."""
        for message in self.sqs._receive_messages_for_esm(name, limit):
            self.queue(name)["messages"].remove(message)

    def do_polled(self, numbers: list[int]) -> None:
        for number in numbers:
            name, handle = self.handle(number)
            self.sqs._delete_messages_for_esm(name, {handle})

    def do_delete(self, number: int) -> Any:
        name, handle = self.handle(number)
        return self.act("DeleteMessage", QueueUrl=name, ReceiptHandle=handle)

    def do_hide(self, number: int, seconds: int) -> Any:
        name, handle = self.handle(number)
        return self.act("ChangeMessageVisibility", QueueUrl=name, ReceiptHandle=handle, VisibilityTimeout=seconds)

    def do_delete_batch(self, name: str, numbers: list[int]) -> Any:
        entries = [{"Id": str(at), "ReceiptHandle": self.handle(number)[1]} for at, number in enumerate(numbers)]
        return self.act("DeleteMessageBatch", QueueUrl=name, Entries=entries)

    def do_hide_batch(self, name: str, numbers: list[int], seconds: int) -> Any:
        entries = [
            {"Id": str(at), "ReceiptHandle": self.handle(number)[1], "VisibilityTimeout": seconds}
            for at, number in enumerate(numbers)
        ]
        return self.act("ChangeMessageVisibilityBatch", QueueUrl=name, Entries=entries)

    def do_purge(self, name: str) -> Any:
        return self.act("PurgeQueue", QueueUrl=name)

    def do_count(self, name: str) -> Any:
        return self.act("GetQueueAttributes", QueueUrl=name, AttributeNames=["All"])

    def do_wait(self, seconds: int) -> None:
        self.now += seconds

    def do_restart(self) -> None:
        kept = json.dumps(self.sqs.get_state(), default=persistence._json_default)
        self.sqs.reset()
        self.sqs.load_persisted_state(json.loads(kept, object_hook=persistence._json_object_hook))


def main() -> None:
    plain, changed = a_copy("plain_sqs"), a_copy("changed_sqs")
    queues.install(changed)
    for line in sys.stdin:
        operations = json.loads(line)
        answers = []
        for sqs in (plain, changed):
            world = World(sqs)
            answers.append([world.run(operation) for operation in operations])
        print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main()
