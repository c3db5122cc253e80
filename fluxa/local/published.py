"""The outputs of a running platform, left in its state folder for other commands: `fluxa env` reads them."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fluxa.errors import OperatorError

_FILE = "platform.json"


@contextmanager
def published(state_dir: Path, outputs: Mapping[str, Any]) -> Iterator[None]:
    """Leave the outputs in the state folder for the length of the block, readable by this user only."""
    path = state_dir / _FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(dict(outputs), file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read_published(state_dir: Path) -> dict[str, Any]:
    """Return the outputs of the platform that runs in this folder.

    Raises:
        OperatorError: None runs there.
    """
    try:
        outputs: dict[str, Any] = json.loads((state_dir / _FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OperatorError(f"No platform is running in {state_dir}: start one with `make dev`.") from None
    except (OSError, ValueError) as error:
        raise OperatorError(f"{state_dir / _FILE} cannot be read ({error}): start the platform again.") from error
    return outputs
