"""Dead letters back to the main queue: sent first, deleted afterwards, so that a kill in between loses none.

Doing it twice is harmless: the processor recognises an event that is stored already.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxa.operate.dead_letter_queue import Walk
from fluxa.operate.dead_letters import DeadLetter, Selection
from functions.common.envelope import MessageAttributes, message_bytes
from functions.common.identifiers import new_id
from functions.common.names import MessageAttribute
from functions.common.replay import REDRIVE_PREFIX
from functions.common.sqs_batches import ENTRIES_PER_CALL, split


@dataclass(kw_only=True)
class Tally:
    """What became of the messages."""

    moved: int = 0
    """Redriven; in a rehearsal, what would be."""
    foreign: int = 0
    """Left, because they are not ours."""
    refused: int = 0
    """Left, because SQS did not take them."""
    doubled: int = 0
    """Sent, but not deleted here: they will be recognised when they are redriven again."""
    returned: int = 0
    """Left, because they failed again while this was under way."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Of those that were moved."""
    found: set[str] = field(default_factory=set)
    """The ids of all events that were meant and are here, whatever became of them."""
    hidden: int = 0
    """Messages that somebody else was looking at, those that were meant perhaps among them."""

    @property
    def is_complete(self) -> bool:
        """Nothing that was meant is left."""
        return not (self.foreign or self.refused or self.doubled)


@dataclass(frozen=True, kw_only=True)
class Redriver:
    """Moves messages."""

    sqs: Any
    dead_letter_queue_url: str
    queue_url: str
    selection: Selection
    force: bool = False
    """Foreign messages as well."""
    rate: float | None = None
    """Messages a second; None for as fast as it goes."""
    sleep: Callable[[float], None] = time.sleep
    redrive_id: str = field(default_factory=lambda: f"{REDRIVE_PREFIX}{new_id()}")
    """One for the whole run; it is how an event's timeline tells this redrive from the next."""

    def redrive(self, report: Callable[[int], None], *, dry_run: bool = False) -> Tally:
        """Move every message that is meant, or only count them.

        Args:
            report: Called with the number of messages so far.
        """
        tally = Tally()
        moved: set[tuple[str, str]] = set()
        pause = 1 / self.rate if self.rate and not dry_run else 0.0
        with Walk(self.sqs, self.dead_letter_queue_url, seconds_of_work=pause) as walk:
            tally.hidden = walk.hidden
            for letters in walk.letters():
                chosen = list(self._chosen(letters, walk, moved, tally))
                for group in split(((letter, self._bytes_of(letter)) for letter in chosen), per_call=self._per_call()):
                    sent = list(group) if dry_run else self._send(group, tally)
                    if not dry_run:
                        tally.doubled += walk.remove(sent)
                        self.sleep(pause * len(group))
                    moved |= {letter.identity for letter in sent}
                    tally.moved += len(sent)
                    tally.reasons.update(letter.reason for letter in sent)
                report(tally.moved)
        return tally

    def _chosen(
        self, letters: Sequence[DeadLetter], walk: Walk, moved: set[tuple[str, str]], tally: Tally
    ) -> Iterator[DeadLetter]:
        for letter in letters:
            if not self.selection.matches(letter):
                continue
            if letter.event_id is not None:
                tally.found.add(letter.event_id)
            if letter.is_foreign and not self.force:
                tally.foreign += 1
            elif letter.identity in moved and letter.sent_at >= walk.began:
                # It is one of those that were just moved, and failed again: it would go round for ever.
                tally.returned += 1
            else:
                yield letter

    def _per_call(self) -> int:
        # A slow rate goes in small steps, not in bursts of ten.
        return ENTRIES_PER_CALL if not self.rate else max(1, min(ENTRIES_PER_CALL, int(self.rate)))

    def _send(self, letters: Sequence[DeadLetter], tally: Tally) -> list[DeadLetter]:
        entries = [
            {"Id": str(place), "MessageBody": letter.body, "MessageAttributes": self._attributes(letter)}
            for place, letter in enumerate(letters)
        ]
        answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
        tally.refused += len(answer.get("Failed", []))
        taken = {int(entry["Id"]) for entry in answer.get("Successful", [])}
        return [letter for place, letter in enumerate(letters) if place in taken]

    def _attributes(self, letter: DeadLetter) -> MessageAttributes:
        own = letter.own_attributes()
        # A message that asks for a replay goes on with that replay, and nothing is added to what is not ours.
        if letter.envelope is None:
            return own
        return own | {MessageAttribute.REPLAY_ID.value: {"DataType": "String", "StringValue": self.redrive_id}}

    def _bytes_of(self, letter: DeadLetter) -> int:
        return message_bytes(letter.body, self._attributes(letter))
