"""What one bundle is made of, and the digest that names it before anything is built."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from components.bundling.dependencies import Platform, handler_services, locked_requirements
from components.bundling.errors import BundleError
from components.bundling.schemas import checked_schema_files, schema_files, upcaster_files
from components.bundling.sources import FUNCTIONS, source_files
from components.bundling.trimming import SERVICES
from functions.common.names import Service

_READERS = frozenset({Service.PROCESSOR, Service.QUERY})
"""Who may be asked for a payload in another version: they carry the versions and the upcasters, and no validator."""

_SCHEMAS_GROUP = "ingest-schemas"
"""The dependency group of what checks a payload: larger than ingest itself, so it comes only where it is used."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything one bundle is made of."""

    function: str
    platform: Platform
    sources: Mapping[str, Path]
    """Path in the bundle → our file."""
    requirements: str
    """Locked packages with their hashes."""
    services: frozenset[str]
    """AWS services that are called."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hexadecimal over all of it, and over the code that builds bundles."""
        ingredients = [
            self.function,
            self.platform.tag,
            self.platform.python,
            _own_digest(),
            self.requirements,
            sorted(self.services),
            [(path, _digest_of(file)) for path, file in sorted(self.sources.items())],
        ]
        return hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()


def recipe_for(
    function: str, *, platform: Platform, project_dir: Path, handlers: Path, schemas: bool = False
) -> Recipe:
    """Collect what a function's bundle is made of, without building anything.

    Args:
        function: Its name.
        platform: Where it runs.
        project_dir: The project's root.
        handlers: The folder of event handlers, below the root.
        schemas: Whether ingest checks payloads, and so carries the schemas and what checks them.

    Raises:
        BundleError: There is no such function, something it needs does not exist, or a schema is not valid.
    """
    if function not in FUNCTIONS:
        raise BundleError(f"There is no function {function!r}: there are {', '.join(FUNCTIONS)}.")
    extra = handler_services(project_dir) if function == Service.PROCESSOR else frozenset[str]()
    sources = source_files(project_dir, function, handlers)
    groups = [function]
    if schemas and function == Service.INGEST:
        sources |= {name.path: file for name, file in checked_schema_files(project_dir).items()}
        groups.append(_SCHEMAS_GROUP)
    if function in _READERS:
        sources |= {name.path: file for name, file in schema_files(project_dir).items()}
        sources |= {name.upcaster_path: file for name, file in upcaster_files(project_dir).items()}
    return Recipe(
        function=function,
        platform=platform,
        sources=sources,
        requirements=locked_requirements(project_dir, *groups),
        services=SERVICES[function] | extra,
    )


def _digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@cache
def _own_digest() -> str:
    """Other code may build other bytes from the same ingredients, so the builder is one of them."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256("".join(_digest_of(module) for module in modules).encode()).hexdigest()
