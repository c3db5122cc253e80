"""Our own half of a bundle: which files of the project a function carries."""

import os
from collections.abc import Iterator
from pathlib import Path

from components.bundling.errors import BundleError
from functions.common.names import Service

FUNCTIONS = tuple(str(service) for service in Service)
"""Every function, in pipeline order."""

HANDLERS_PACKAGE = "handlers"
"""The name under which a user's handlers are imported in the processor, whatever their folder is called."""

_SHARED_PACKAGES = ("functions/common", "functions/adapters")
_NEVER = (".pyc", ".pyo", "~")


def source_files(project_dir: Path, function: str, handlers: Path) -> dict[str, Path]:
    """Return path in the bundle → file, for everything that is ours.

    Raises:
        BundleError: The folder of handlers does not exist.
    """
    files = {"functions/__init__.py": project_dir / "functions" / "__init__.py"}
    for package in (*_SHARED_PACKAGES, f"functions/{function}"):
        files |= _files_below(project_dir / package, package)
    if function == Service.PROCESSOR:
        # A folder without `__init__.py` becomes a package all the same; ours is empty, so it serves for both.
        files[f"{HANDLERS_PACKAGE}/__init__.py"] = files["functions/__init__.py"]
        files |= _handler_files(project_dir / handlers)
    return files


def _handler_files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise BundleError(
            f"The folder of event handlers does not exist: {folder}. "
            "Create it, or let the setting processing.handlers name another.",
        )
    return _files_below(folder, HANDLERS_PACKAGE)


def _files_below(folder: Path, prefix: str) -> dict[str, Path]:
    return {f"{prefix}/{file.relative_to(folder).as_posix()}": file for file in _walk(folder)}


def _walk(folder: Path) -> Iterator[Path]:
    """Yield files that belong to the code: nothing hidden, nothing that an interpreter or editor left behind."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        yield from (Path(parent, name) for name in names if not name.startswith(".") and not name.endswith(_NEVER))
