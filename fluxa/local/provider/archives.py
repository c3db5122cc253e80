"""A function's code as a zip: taken as it is from a zip file, built from folders and assets otherwise."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_ANYONE_READS = 0o644 << 16


def zipped(code: Any) -> bytes:
    """Return the bytes of a zip with the archive's files.

    Raises:
        TypeError: it is no archive that exists on this machine.
        FileNotFoundError: the path names nothing; bundles have to be built first.
    """
    if isinstance(code, pulumi.FileArchive) and Path(code.path).is_file():
        return Path(code.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(_files(code, "")):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _ANYONE_READS
            archive.writestr(entry, content)
    return buffer.getvalue()


def _files(part: Any, name: str) -> Iterator[tuple[str, bytes]]:
    match part:
        case pulumi.AssetArchive():
            for key, inner in part.assets.items():
                yield from _files(inner, f"{name}/{key}" if name else key)
        case pulumi.FileArchive():
            yield from _folder(Path(part.path), name)
        case pulumi.FileAsset():
            yield name, Path(str(part.path)).read_bytes()
        case pulumi.StringAsset():
            yield name, part.text.encode()
        case _:
            raise TypeError(f"a function's code cannot be a {type(part).__name__} on this machine")


def _folder(folder: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is neither a zip nor a folder: the function's bundle was not built")
    for path in folder.rglob("*"):
        if path.is_file():
            inside = path.relative_to(folder).as_posix()
            yield f"{name}/{inside}" if name else inside, path.read_bytes()
