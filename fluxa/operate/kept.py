"""What a command keeps of how far it is: a small JSON file, by which whoever was killed in the middle goes on."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluxa.errors import OperatorError


def unreadable(path: Path) -> OperatorError:
    """Return what to say of a file that is none of ours any more."""
    return OperatorError(f"{path} cannot be read: start over with --restart.")


def load(path: Path) -> dict[str, Any] | None:
    """Return what was kept, or None.

    Raises:
        OperatorError: It cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise unreadable(path) from None
    if not isinstance(document, dict):
        raise unreadable(path)
    return document


def save(document: Mapping[str, Any], path: Path) -> None:
    """Replace what is kept; whoever is killed meanwhile leaves the old or the new text, never half of one.

    Raises:
        OperatorError: It cannot be written.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written ({error.strerror}), so nothing could be resumed.") from None
