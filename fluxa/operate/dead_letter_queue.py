"""A walk through the dead-letter queue: every message once, hidden from others meanwhile, and given back at the end."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from fluxa.operate.dead_letters import DeadLetter
from fluxa.operate.server_clock import clock_of
from functions.common.queue_walk import WAIT_SECONDS, each_once, hidden_seconds
from functions.common.sqs_batches import ENTRIES_PER_CALL


class Walk:
    """One look at the queue; use it in a `with` block.

    Args:
        seconds_of_work: What the caller will need besides looking, for one message.
    """

    def __init__(self, sqs: Any, queue_url: str, *, seconds_of_work: float = 0.0) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._held: dict[str, DeadLetter] = {}
        answer = sqs.get_queue_attributes(
            QueueUrl=queue_url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        attributes = answer["Attributes"]
        self.waiting = int(attributes["ApproximateNumberOfMessages"])
        self.hidden = int(attributes["ApproximateNumberOfMessagesNotVisible"])
        """Messages that somebody else is looking at."""
        self.began = clock_of(answer)
        """By AWS's clock, in whole seconds."""
        self._hidden_seconds = hidden_seconds(self.waiting, seconds_of_work=seconds_of_work)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    def letters(self) -> Iterator[list[DeadLetter]]:
        """Yield the messages, at most ten at a time, each once."""
        yield from each_once(self._receive, lambda letter: letter.message_id)

    def remove(self, letters: Sequence[DeadLetter]) -> int:
        """Delete messages for good; return how many could not be."""
        entries = [
            {"Id": str(place), "ReceiptHandle": self._held[letter.message_id].receipt}
            for place, letter in enumerate(letters)
        ]
        if not entries:
            return 0
        answer = self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
        kept = {int(entry["Id"]) for entry in answer.get("Failed", [])}
        for place, letter in enumerate(letters):
            if place not in kept:
                del self._held[letter.message_id]
        return len(kept)

    def _receive(self) -> list[DeadLetter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=ENTRIES_PER_CALL,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
            VisibilityTimeout=self._hidden_seconds,
            WaitTimeSeconds=WAIT_SECONDS,
        )
        received = [DeadLetter.from_message(message) for message in answer.get("Messages", [])]
        # The newest receipt is the one that counts.
        self._held |= {letter.message_id: letter for letter in received}
        return received

    def _give_back(self) -> None:
        for letters in _tens(list(self._held.values())):
            entries = [
                {"Id": str(place), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for place, letter in enumerate(letters)
            ]
            # They come back by themselves a little later.
            with suppress(BotoCoreError, ClientError):
                self._sqs.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=entries)
        self._held.clear()


def _tens(letters: Sequence[DeadLetter]) -> Iterator[Sequence[DeadLetter]]:
    for start in range(0, len(letters), ENTRIES_PER_CALL):
        yield letters[start : start + ENTRIES_PER_CALL]


def first(walk: Walk, wanted: Callable[[DeadLetter], bool], limit: int) -> list[DeadLetter]:
    """Return the first messages that are wanted."""
    letters = itertools.chain.from_iterable(walk.letters())
    return list(itertools.islice(filter(wanted, letters), limit))
