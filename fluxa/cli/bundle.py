"""`fluxa bundle`: build the zips that Lambda runs, without deploying them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.plan import find_project
from fluxa.errors import OperatorError

if TYPE_CHECKING:
    from components.bundle import Architecture


def bundle(
    functions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FUNCTION]...", help="Which functions; all of them unless given.", show_default=False),
    ] = None,
    architecture: Annotated[
        str, typer.Option(help="arm64 or x86_64 for Lambda, host for this machine and Python.")
    ] = "arm64",
    python: Annotated[str, typer.Option(help="Version of Lambda's Python. host takes this one's.")] = "3.13",
    handlers: Annotated[
        Path, typer.Option(metavar="DIR", help="Your handlers' folder, as the setting processing.handlers names it.")
    ] = Path("handlers"),
    schemas: Annotated[
        bool, typer.Option("--schemas", help="Let ingest carry schemas/, as with ingest.schema_mode warn or enforce.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the zips go.", show_default=".fluxa/bundles")
    ] = None,
) -> None:
    """Build each function's zip: our code, its locked packages, bytecode.

    A zip is named by the hash of everything in it, and one that exists is not built again. The same inputs give the
    same bytes, whenever and wherever they are built.
    """
    from components.bundle import BundleError, Bundler

    bundler = Bundler(
        find_project(Path.cwd()),
        python,
        _architecture(architecture),
        handlers,
        build=True,
        schemas=schemas,
        out_dir=out,
    )
    try:
        paths = bundler.build_missing(*(functions or ()))
    except BundleError as error:
        raise OperatorError(str(error)) from error
    for path in paths.values():
        print(f"{path.stat().st_size / 1e6:6.2f} MB  {path}")


def _architecture(name: str) -> "Architecture":
    match name:
        case "arm64" | "x86_64" | "host":
            return name
        case _:
            raise OperatorError(f"--architecture is arm64, x86_64 or host, not {name!r}.")
