"""Numbers in the order of a key that each has, with cheap changes: a heap whose outdated entries are skipped."""

import heapq
from collections.abc import Iterator

_SPARE_ENTRIES = 64
"""Below this many a heap is not worth tidying."""


class Agenda:
    """Which numbers are due, the smallest key first; a number is in it at most once."""

    def __init__(self) -> None:
        self._keys: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, number: int) -> bool:
        return number in self._keys

    def put(self, number: int, key: float) -> None:
        """Add a number, or move it to another key."""
        self._keys[number] = key
        heapq.heappush(self._heap, (key, number))
        # Otherwise those of a number that is put again and again, or dropped, would stay for as long as they are not
        # due: a message's age is due after days.
        if len(self._heap) > 2 * len(self._keys) + _SPARE_ENTRIES:
            self._heap = [(key, number) for number, key in self._keys.items()]
            heapq.heapify(self._heap)

    def drop(self, number: int) -> None:
        """Take a number out, if it is in."""
        self._keys.pop(number, None)

    def clear(self) -> None:
        """Take everything out."""
        self._keys.clear()
        self._heap.clear()

    def take(self, up_to: float = float("inf")) -> Iterator[int]:
        """Take out, one by one, whatever has a key of at most `up_to`."""
        while self._heap and self._heap[0][0] <= up_to:
            key, number = heapq.heappop(self._heap)
            if self._keys.get(number) == key:
                del self._keys[number]
                yield number
