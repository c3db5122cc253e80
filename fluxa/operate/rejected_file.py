"""The lines that were rejected, with the reason of each: a file of JSON lines beside the events."""

from dataclasses import asdict
from pathlib import Path

from fluxa.operate.posting import Rejection


def rejected_path(path: Path) -> Path:
    """Return where the rejected lines of a file are listed."""
    return path.with_name(f"{path.name}.rejected.jsonl")


def document_of(rejection: Rejection) -> dict[str, object]:
    """Return what is listed of a line."""
    return {name: value for name, value in asdict(rejection).items() if value is not None}
