"""Divides messages among calls that take several: ten entries and a mebibyte in all.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Entry = TypeVar("Entry")

ENTRIES_PER_CALL = 10
BYTES_PER_CALL = 1024 * 1024
"""All entries together, bodies and attributes."""


def split(entries: Iterable[tuple[Entry, int]], *, per_call: int = ENTRIES_PER_CALL) -> Iterator[list[Entry]]:
    """Yield the entries, each given with its bytes, in groups that fit a call; their order stays.

    An entry that is too large by itself gets a call by itself, for SQS to refuse.

    Args:
        entries: Each with what SQS counts of it, as `functions.common.envelope.message_bytes` says.
        per_call: Entries of one call, where fewer than SQS's ten are wanted.
    """
    group: list[Entry] = []
    group_bytes = 0
    for entry, entry_bytes in entries:
        if group and (len(group) == per_call or group_bytes + entry_bytes > BYTES_PER_CALL):
            yield group
            group, group_bytes = [], 0
        group.append(entry)
        group_bytes += entry_bytes
    if group:
        yield group
