"""Writing a zip that is the same, byte for byte, whenever, wherever and by whomever it is built.

Pulumi hashes a zip's raw bytes: a time stamp or another order inside it would redeploy every function, every time.
"""

import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

_KEPT_BUNDLES = 4
"""Of one function and platform: the last few, for going back and forth between branches."""
_IN_USE_SECONDS = 3600
"""A deployment that another process is running may still be reading a bundle younger than this."""

_EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date that the zip format can write."""
_UNIX = 3
_READABLE_FILE = 0o100644
"""Lambda runs as a user of its own, who must be able to read everything; libraries need no execute bit to load."""


def write_zip(target: Path, contents: Mapping[str, Path | bytes], *, level: int) -> None:
    """Write `contents`, path in the zip → file or bytes, so that `target` appears at once and whole.

    Args:
        target: Another process may be writing the same file: the later one replaces it by identical bytes.
        contents: No folder has an entry; Lambda makes them as it unpacks.
        level: Of compression, 1 (fast) to 9 (small).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with open(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for path in sorted(contents):
                content = contents[path]
                data = content if isinstance(content, bytes) else content.read_bytes()
                archive.writestr(_entry(path), data, zipfile.ZIP_DEFLATED, level)
        # mkstemp lets only its owner read; a bundle holds no secret, and a deploying user may be another.
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def forget_old(newest: Path, series: str) -> None:
    """Remove what earlier builds of the same function and platform left, except the last few.

    Args:
        newest: The zip that was just built.
        series: What the names of the zips it succeeds begin with.
    """
    others = sorted(newest.parent.glob(f"{series}-*.zip"), key=_written_at, reverse=True)
    for old in others[_KEPT_BUNDLES:]:
        if old != newest and time.time() - _written_at(old) > _IN_USE_SECONDS:
            old.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        # Another process is tidying up, too.
        return 0.0


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _EARLIEST_DATE)
    entry.create_system = _UNIX
    entry.external_attr = _READABLE_FILE << 16
    return entry
