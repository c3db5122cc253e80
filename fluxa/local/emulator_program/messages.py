"""The messages of one queue, found without looking at all the others.

The emulator keeps a list, and goes through all of it for every receive, delete, count and sweep: with 50,000 messages
waiting that leaves time for little else. It also does so in two threads at once, and a message that arrives in between
may be lost; here every operation is whole.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from fluxa.local.emulator_program.agenda import Agenda

Message = dict[str, Any]
"""As the emulator makes it: see `_act_send_message` in its `services/sqs.py`."""


class Messages(Collection[Message]):
    """Messages in the order in which they came, which is the order they are received in.

    Stands in for the emulator's list, as far as the emulator uses it: `append`, `remove`, `clear`, the last element,
    and going through all of it. A message must not be changed from outside.
    """

    def __init__(self, messages: Iterable[Message] = (), *, complete: Callable[[Message], None]) -> None:
        """Take over some messages.

        Args:
            messages: What is in the queue.
            complete: Adds the fields that other services leave out of a message.
        """
        self._lock = threading.RLock()
        self._complete = complete
        self._next_place = 0
        # Everything by its place in the queue. One place is in `_visible` or in `_hidden`, never in both.
        self._places: dict[int, Message] = {}
        self._visible = Agenda()
        self._hidden = Agenda()
        self._by_age = Agenda()
        # Hidden by a delay, not by somebody who received it.
        self._delayed: set[int] = set()
        # Visible again, by how often they were received.
        self._returned: defaultdict[int, set[int]] = defaultdict(set)
        self._by_handle: dict[str, int] = {}
        for message in messages:
            self.append(message)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Message]:
        with self._lock:
            return iter(list(self._places.values()))

    def __contains__(self, message: object) -> bool:
        return any(message is found for found in self)

    def __getitem__(self, index: int) -> Message:
        return list(self)[index]

    def __deepcopy__(self, memo: object) -> list[Message]:
        """Return what is written down when the emulator stops: a list, as it always was.

        Nothing inside a message is ever changed, so copies share that: a real deep copy of 100,000 takes four seconds.
        """
        return [dict(message) for message in self]

    def append(self, message: Message) -> None:
        """Add a message at the end."""
        self._complete(message)
        with self._lock:
            place = self._next_place
            self._next_place += 1
            self._places[place] = message
            self._by_age.put(place, message["sent_at"])
            self._hidden.put(place, message["visible_at"])
            if message["receive_count"] == 0:
                self._delayed.add(place)
            if message["receipt_handle"] is not None:
                self._by_handle[message["receipt_handle"]] = place

    def remove(self, message: Message) -> None:
        """Take out a message that was received.

        Raises:
            ValueError: it is not there.
        """
        with self._lock:
            place = self._by_handle.get(message["receipt_handle"])
            if place is None or self._places[place] is not message:
                raise ValueError("no such message")
            self._take_out(place)

    def clear(self) -> None:
        """Take out everything."""
        with self._lock:
            for place in list(self._places):
                self._take_out(place)

    def receive(self, limit: int, *, now: float, hidden_for: float, new_handle: Callable[[], str]) -> list[Message]:
        """Hand out the first messages that are visible, and hide them for a while."""
        with self._lock:
            self._reveal(now)
            places = [place for _, place in zip(range(limit), self._visible.take(), strict=False)]
            for place in places:
                self._hand_out(place, now=now, until=now + hidden_for, handle=new_handle())
            return [self._places[place] for place in places]

    def delete(self, handle: str) -> bool:
        """Take out the message that was handed out last under this handle; tell whether there was one."""
        with self._lock:
            place = self._by_handle.get(handle)
            if place is not None:
                self._take_out(place)
            return place is not None

    def hide(self, handle: str, until: float) -> bool:
        """Hide the message that was handed out last under this handle; tell whether there was one."""
        with self._lock:
            place = self._by_handle.get(handle)
            if place is not None:
                self._forget_visible(place)
                self._places[place]["visible_at"] = until
                self._hidden.put(place, until)
            return place is not None

    def expire(self, cutoff: float) -> None:
        """Take out whatever came at that time or before."""
        with self._lock:
            for place in list(self._by_age.take(cutoff)):
                self._take_out(place)

    def take_out_received(self, at_least: int, *, now: float) -> list[Message]:
        """Take out the visible messages that were received so many times."""
        with self._lock:
            self._reveal(now)
            counts = [count for count, places in self._returned.items() if count >= at_least and places]
            places = sorted(place for count in counts for place in self._returned[count])
            return [self._take_out(place) for place in places]

    def counts(self, now: float) -> tuple[int, int, int]:
        """Return how many are visible, how many are with somebody who received them, and how many are delayed."""
        with self._lock:
            self._reveal(now)
            visible, delayed = len(self._visible), len(self._delayed)
            return visible, len(self._places) - visible - delayed, delayed

    def _reveal(self, now: float) -> None:
        for place in self._hidden.take(now):
            self._visible.put(place, place)
            self._delayed.discard(place)
            count = self._places[place]["receive_count"]
            if count:
                self._returned[count].add(place)

    def _hand_out(self, place: int, *, now: float, until: float, handle: str) -> None:
        message = self._places[place]
        self._forget_visible(place)
        self._by_handle.pop(message["receipt_handle"], None)
        self._by_handle[handle] = place
        message["receipt_handle"] = handle
        message["visible_at"] = until
        message["receive_count"] += 1
        if message["first_receive_at"] is None:
            message["first_receive_at"] = now
        self._hidden.put(place, until)

    def _forget_visible(self, place: int) -> None:
        self._visible.drop(place)
        self._returned[self._places[place]["receive_count"]].discard(place)

    def _take_out(self, place: int) -> Message:
        self._forget_visible(place)
        self._hidden.drop(place)
        self._by_age.drop(place)
        self._delayed.discard(place)
        message = self._places.pop(place)
        self._by_handle.pop(message["receipt_handle"], None)
        return message
