"""Which versions of which event type's schema there are: the registry as a bundle carries it."""

from collections.abc import Collection, Mapping
from itertools import islice
from pathlib import Path

from functions.common.errors import FieldProblem
from functions.common.schema_errors import UnknownSchemaVersion

SCHEMAS_FOLDER = Path(__file__).parents[2] / "schemas"
"""Where a bundle holds the registry: beside `functions`, as the project does."""

_VERSIONS_SHOWN = 10


def schema_files(folder: Path) -> Mapping[str, Mapping[str, Path]]:
    """Return type → version → file, newest version first. An event's words are looked up, never made into a path."""
    types: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.glob("*/*.json"), key=_rank, reverse=True):
        types.setdefault(file.parent.name, {})[file.stem] = file
    return types


def unknown_version(versions: Collection[str]) -> UnknownSchemaVersion:
    """Return the error for a version that is none of its type's, which are these."""
    message = f"There is {shown(versions)}." if versions else "The event's type has no schemas."
    problem = FieldProblem(field="schema_version", message=message)
    return UnknownSchemaVersion("The event's type has no schema of that version.", problems=[problem])


def shown(versions: Collection[str]) -> str:
    """Name versions in a sentence; the first few of very many."""
    return ", ".join(islice(versions, _VERSIONS_SHOWN))


def _rank(file: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in file.stem.split("."))
