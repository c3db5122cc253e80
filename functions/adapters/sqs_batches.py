"""Divides messages among calls of SendMessageBatch, which takes ten entries and a mebibyte in all.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Entry = TypeVar("Entry")

ENTRIES_PER_CALL = 10
BYTES_PER_CALL = 1024 * 1024
"""All entries together, bodies and attributes."""


def split(entries: Iterable[tuple[Entry, int]]) -> Iterator[list[Entry]]:
    """Yield the entries, each given with its bytes, in groups that fit a call; their order stays.

    An entry that is too large by itself gets a call by itself, for SQS to refuse.
    """
    group: list[Entry] = []
    group_bytes = 0
    for entry, entry_bytes in entries:
        if group and (len(group) == ENTRIES_PER_CALL or group_bytes + entry_bytes > BYTES_PER_CALL):
            yield group
            group, group_bytes = [], 0
        group.append(entry)
        group_bytes += entry_bytes
    if group:
        yield group
