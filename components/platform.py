"""What all functions of a stack share, put together from its settings and the project's folder."""

import tomllib
from pathlib import Path

from components.bundle import Bundler
from components.function_unit import FunctionPlatform
from components.naming import Naming
from components.settings import StackSettings


def function_platform(project_dir: Path, naming: Naming, settings: StackSettings) -> FunctionPlatform:
    """Return it. Nothing is built before a function asks for its code."""
    functions = settings.functions
    return FunctionPlatform(
        naming=naming,
        bundles=Bundler(
            project_dir=project_dir,
            python=functions.python,
            architecture=functions.architecture,
            handlers=Path(settings.processing.handlers),
            build=functions.bundles == "built",
            schemas=settings.ingest.schema_mode != "off",
        ),
        python=functions.python,
        architecture=functions.architecture,
        log_retention_days=settings.observability.log_retention_days,
        log_level=settings.observability.log_level,
        fluxa_version=_version(project_dir),
        settings_fingerprint=settings.fingerprint(),
    )


def _version(project_dir: Path) -> str:
    project = tomllib.loads((project_dir / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
