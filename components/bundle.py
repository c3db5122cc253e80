"""How a function's code becomes what Lambda runs: one zip for each, holding only what that function imports.

A zip is named by the hash of everything that goes into it, so naming one needs no build, and a build that would change
nothing is skipped. The same inputs give the same bytes: nothing is deployed because of a date or a folder.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from components.bundling.archive import forget_old
from components.bundling.builder import Workshop
from components.bundling.dependencies import Architecture, Platform
from components.bundling.errors import BundleError
from components.bundling.recipe import Recipe, recipe_for
from components.bundling.sources import FUNCTIONS

__all__ = ["FUNCTIONS", "Architecture", "BundleError", "Bundler"]

_NAMING_DIGITS = 12
_BUNDLES = Path(".fluxa", "bundles")
_CACHE = Path(".fluxa", "cache")


@dataclass(frozen=True)
class Bundler:
    """Names, builds and offers the zips of one stack's functions, from the project as it is when first asked."""

    project_dir: Path
    python: str
    """Version of Lambda's Python, such as "3.13"; for `host` this interpreter's own counts instead."""
    architecture: Architecture
    handlers: Path
    """The folder of event handlers, relative to the project: the setting `processing.handlers`."""
    build: bool
    """Whether `archive` builds what is missing; a plan needs only the names."""
    schemas: bool = False
    """Whether ingest carries the schema registry: the setting `ingest.schema_mode` is not off."""
    out_dir: Path | None = None
    """Where the zips go; `.fluxa/bundles` in the project unless given."""
    _recipes: dict[str, Recipe] = field(default_factory=dict, init=False, repr=False, compare=False)

    def archive(self, function: str) -> pulumi.FileArchive:
        """Return a function's zip, as a Lambda function's `code` takes it.

        The first call builds every function's bundle: a stack needs them all, and together they take less time.

        Raises:
            BundleError: It cannot be named or built.
        """
        if self.build:
            self.build_missing()
        path = self.path(function)
        # Relative where possible, because Pulumi keeps the path in its state, which machines share.
        within = path.relative_to(self._root) if path.is_relative_to(self._root) else path
        return pulumi.FileArchive(str(within))

    def path(self, function: str) -> Path:
        """Return where a function's zip is, or would be.

        Raises:
            BundleError: There is no such function, or something it needs does not exist.
        """
        folder = self._root / _BUNDLES if self.out_dir is None else self.out_dir.absolute()
        return folder / f"{self._series(function)}-{self.digest(function)[:_NAMING_DIGITS]}.zip"

    def digest(self, function: str) -> str:
        """Return the SHA-256, in hexadecimal, of everything a function's bundle is made from.

        Raises:
            BundleError: There is no such function, or something it needs does not exist.
        """
        return self._recipe(function).digest

    def build_missing(self, *functions: str) -> dict[str, Path]:
        """Build those bundles, of the functions named or of all, that do not exist; return function → zip.

        Raises:
            BundleError: One cannot be named or built.
        """
        paths = {function: self.path(function) for function in functions or FUNCTIONS}
        missing = {path: self._recipe(function) for function, path in paths.items() if not path.exists()}
        workshop = Workshop(project_dir=self._root, cache_dir=self._root / _CACHE, platform=self._platform)
        try:
            workshop.build(missing)
            for path, recipe in missing.items():
                forget_old(path, self._series(recipe.function))
        except PermissionError as error:
            raise BundleError(f"A bundle cannot be written: you may not write to {error.filename}.") from error
        return paths

    @property
    def _root(self) -> Path:
        return self.project_dir.absolute()

    @property
    def _platform(self) -> Platform:
        running = f"{sys.version_info.major}.{sys.version_info.minor}"
        return Platform(
            architecture=self.architecture,
            python=running if self.architecture == "host" else self.python,
        )

    def _series(self, function: str) -> str:
        """Return what the names of all bundles of one function and platform begin with."""
        platform = self._platform
        return f"{function}-{platform.architecture}-py{platform.python}"

    def _recipe(self, function: str) -> Recipe:
        if function not in self._recipes:
            self._recipes[function] = recipe_for(
                function,
                platform=self._platform,
                project_dir=self._root,
                handlers=self.handlers,
                schemas=self.schemas,
            )
        return self._recipes[function]
