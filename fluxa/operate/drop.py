"""Dead letters thrown away: written to a file first, whole, so that nothing is gone for good."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from fluxa.errors import OperatorError
from fluxa.operate.dead_letter_queue import Walk
from fluxa.operate.dead_letters import DeadLetter, Selection


def count(sqs: Any, queue_url: str, selection: Selection) -> int:
    """Return how many messages are meant."""
    with Walk(sqs, queue_url) as walk:
        return sum(selection.matches(letter) for letters in walk.letters() for letter in letters)


def drop(sqs: Any, queue_url: str, selection: Selection, keep: Path, report: Callable[[int], None]) -> int:
    """Write every message that is meant to a file, then delete it; return how many.

    Raises:
        OperatorError: The file cannot be written; what is not in it stays in the queue.
    """
    dropped = 0
    with _opened(keep) as file, Walk(sqs, queue_url) as walk:
        for letters in walk.letters():
            chosen = [letter for letter in letters if selection.matches(letter)]
            _write(chosen, file, keep)
            dropped += len(chosen) - walk.remove(chosen)
            report(dropped)
    if not keep.stat().st_size:
        keep.unlink()
    return dropped


def _opened(path: Path) -> TextIO:
    try:
        # What clients sent is nobody else's business.
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{path} cannot be written ({error.strerror}), so nothing was dropped.") from None


def _write(letters: Sequence[DeadLetter], file: TextIO, path: Path) -> None:
    try:
        for letter in letters:
            attributes = {name: value.get("StringValue") for name, value in letter.attributes.items()}
            document = {**letter.document(), "body": letter.body, "attributes": attributes}
            file.write(f"{json.dumps(document, ensure_ascii=False)}\n")
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise OperatorError(f"{path} cannot be written ({error.strerror}); the rest stays in the queue.") from None
