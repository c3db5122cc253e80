"""A function's code on disk once, for all the processes that run it.

The emulator unpacks a bundle for every process: a good part of each cold start, and after a burst so many files that
removing them may take longer than the five seconds in which a platform must be gone. On AWS a function's code is
read-only, so no process can tell how many share it.
"""

import hashlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_CODE = "code"
"""What the emulator calls the folder that it unpacks a function's bundle into."""

_one_at_a_time = threading.Lock()


def install(lambda_runtime: Any) -> None:
    """Let the emulator's processes of one function share a folder."""
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": _Bundle})


class _Bundle(zipfile.ZipFile):
    def extractall(
        self,
        path: str | os.PathLike[str] | None = None,
        members: Iterable[str | zipfile.ZipInfo] | None = None,
        pwd: bytes | None = None,
    ) -> None:
        folder = Path(path or ".")
        if folder.name != _CODE:
            super().extractall(path, members, pwd)
            return
        with _one_at_a_time:
            shared = Path(tempfile.gettempdir()) / f"{_CODE}-{_digest(Path(str(self.filename)))}"
            if not shared.exists():
                part = shared.with_suffix(".part")
                super().extractall(part)
                part.rename(shared)
        folder.rmdir()
        folder.symlink_to(shared, target_is_directory=True)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
