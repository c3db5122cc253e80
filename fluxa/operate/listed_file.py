"""What could not be done, listed with the reason of each: a file of JSON lines that a later run takes up."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from fluxa.errors import OperatorError


class ListedFile:
    """Appends documents; there is no file before the first one.

    Args:
        path: The file.
        size: What to keep of it: behind that stands what a killed process wrote and will be written again.
    """

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self.path = path
        self.size = size
        try:
            if not size:
                path.unlink(missing_ok=True)
            elif path.exists():
                with path.open("r+b") as file:
                    file.truncate(size)
        except OSError as error:
            raise OperatorError(f"{path} cannot be written: {error.strerror}.") from None

    def append(self, documents: Iterable[Mapping[str, object]]) -> None:
        """Write some more.

        Raises:
            OperatorError: They cannot be written.
        """
        text = "".join(f"{json.dumps(document, ensure_ascii=False)}\n" for document in documents)
        if not text:
            return
        try:
            with self.path.open("ab") as file:
                file.write(text.encode())
                self.size = file.tell()
        except OSError as error:
            raise OperatorError(f"{self.path} cannot be written: {error.strerror}.") from None
