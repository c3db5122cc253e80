"""The lines that were rejected, with the reason of each: a file of JSON lines beside the events."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from fluxa.errors import OperatorError
from fluxa.operate.posting import Rejection


def rejected_path(path: Path) -> Path:
    """Return where the rejected lines of a file are listed."""
    return path.with_name(f"{path.name}.rejected.jsonl")


class RejectedFile:
    """Appends rejections; there is no file before the first one.

    Args:
        path: The file.
        size: What to keep of it: behind that stands what a killed process wrote and will be written again.
    """

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self._path = path
        self.size = size
        try:
            if not size:
                path.unlink(missing_ok=True)
            elif path.exists():
                with path.open("r+b") as file:
                    file.truncate(size)
        except OSError as error:
            raise OperatorError(f"{path} cannot be written: {error.strerror}.") from None

    def append(self, rejections: Sequence[Rejection]) -> None:
        """Write some more.

        Raises:
            OperatorError: They cannot be written.
        """
        if not rejections:
            return
        text = "".join(f"{json.dumps(_document(rejection), ensure_ascii=False)}\n" for rejection in rejections)
        try:
            with self._path.open("ab") as file:
                file.write(text.encode())
                self.size = file.tell()
        except OSError as error:
            raise OperatorError(f"{self._path} cannot be written: {error.strerror}.") from None


def _document(rejection: Rejection) -> dict[str, object]:
    return {name: value for name, value in asdict(rejection).items() if value is not None}
