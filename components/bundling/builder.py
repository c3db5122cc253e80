"""Building: each package is installed once, trimmed, compiled, and zipped with our sources."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from components.bundling.archive import write_zip
from components.bundling.bytecode import Compiler
from components.bundling.dependencies import Architecture, Platform, install_all
from components.bundling.interpreter import interpreter_for
from components.bundling.recipe import Recipe
from components.bundling.trimming import kept_files
from functions.common.names import Service

# A zip for this machine is unpacked at once and thrown away; one for Lambda is fetched at every cold start.
# Above 6 each percent costs a multiple of the time.
_COMPRESSION_LEVELS: Mapping[Architecture, int] = {"host": 1, "arm64": 6, "x86_64": 6}


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Builds bundles for one platform."""

    project_dir: Path
    cache_dir: Path
    """Keeps installed packages and bytecode, each under the hash of what it is made from."""
    platform: Platform

    def build(self, recipes: Mapping[Path, Recipe]) -> None:
        """Write the zip of each recipe to its path.

        Raises:
            BundleError: A package or interpreter is missing for the platform, or a source file does not compile.
        """
        if not recipes:
            return
        compiler = Compiler(
            interpreter=interpreter_for(self.platform.python),
            cache_dir=self.cache_dir / "bytecode",
        )
        level = _COMPRESSION_LEVELS[self.platform.architecture]
        with ThreadPoolExecutor(len(recipes)) as pool:
            # Installing and compiling use every processor by themselves, and what one bundle needs the next one finds;
            # meanwhile earlier bundles are being compressed.
            writing = [
                pool.submit(write_zip, target, self._contents(recipe, compiler), level=level)
                for target, recipe in recipes.items()
            ]
            for written in writing:
                written.result()

    def _contents(self, recipe: Recipe, compiler: Compiler) -> dict[str, Path | bytes]:
        # First, because a mistake in a handler should not wait for an installation to be told.
        ours = compiler.compile(_modules(recipe.sources))
        store = self.cache_dir / "packages"
        packages = install_all(recipe.requirements, store, project_dir=self.project_dir, platform=self.platform)
        theirs = dict(kept_files(packages, recipe.function, recipe.services))
        # A user's handlers may use a package that reads its own docstrings; the packages of our code do not.
        # On this machine size is nothing, and one compilation serves all four.
        docstrings = recipe.function == Service.PROCESSOR or self.platform.architecture == "host"
        for path, bytecode in compiler.compile(_modules(theirs), docstrings=docstrings).items():
            # Without its source, which is a quarter of the bundle: a traceback still names a package's file and line.
            theirs[f"{path}c"] = bytecode
            del theirs[path]
        return {
            **theirs,
            **recipe.sources,
            **{compiler.cached_path(path): bytecode for path, bytecode in ours.items()},
        }


def _modules(contents: Mapping[str, Path | bytes]) -> dict[str, Path]:
    return {path: file for path, file in contents.items() if isinstance(file, Path) and path.endswith(".py")}
