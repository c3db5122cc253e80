"""How far a file has been sent: kept beside it, so that whoever is killed in the middle goes on from there."""

import hashlib
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

from fluxa.errors import OperatorError
from fluxa.operate import kept

FINGERPRINT_BYTES = 65_536
"""Of a file's beginning. All of it would have to be read before the first event is sent; more may be appended."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Everything up to `offset` is acknowledged, and nothing of it need be sent again."""

    stack: str
    """Where it was sent: what one stack has acknowledged, another knows nothing of."""
    fingerprint: str
    fingerprint_bytes: int
    offset: int = 0
    line: int = 0
    accepted: int = 0
    rejected: int = 0
    rejected_bytes: int = 0
    """Length of the file of rejections; what stands behind it will be written again."""

    @classmethod
    def begin(cls, file: BinaryIO, *, stack: str) -> Self:
        """Begin with a file's first line."""
        beginning = file.read(FINGERPRINT_BYTES)
        file.seek(0)
        return cls(stack=stack, fingerprint=_digest(beginning), fingerprint_bytes=len(beginning))

    def advance(self, *, offset: int, line: int, accepted: int, rejected: int, rejected_bytes: int) -> Self:
        """Return the progress after some more lines."""
        return replace(
            self,
            offset=offset,
            line=line,
            accepted=self.accepted + accepted,
            rejected=self.rejected + rejected,
            rejected_bytes=rejected_bytes,
        )

    def check(self, file: BinaryIO, path: Path, *, stack: str) -> None:
        """Make sure that this is the progress of this file to this stack.

        Raises:
            OperatorError: It is not.
        """
        again = "or start over with --restart"
        if stack != self.stack:
            raise OperatorError(
                f"{path.name} was being sent to another stack ({self.stack}, not {stack}): name that one, {again}."
            )
        beginning = file.read(self.fingerprint_bytes)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if _digest(beginning) != self.fingerprint or size < self.offset:
            raise OperatorError(
                f"{path.name} is not the file any more of which {self.line:,} lines were sent: bring it back, {again}."
            )


def resume_path(path: Path) -> Path:
    """Return where the progress of a file is kept."""
    return path.with_name(f"{path.name}.fluxa-resume")


def load(path: Path) -> Progress | None:
    """Return the progress that was kept, or None.

    Raises:
        OperatorError: It cannot be read.
    """
    document = kept.load(path)
    try:
        return None if document is None else Progress(**document)
    except TypeError:
        raise kept.unreadable(path) from None


def save(progress: Progress, path: Path) -> None:
    """Replace what is kept.

    Raises:
        OperatorError: It cannot be written.
    """
    kept.save(asdict(progress), path)


def _digest(beginning: bytes) -> str:
    return hashlib.sha256(beginning).hexdigest()
