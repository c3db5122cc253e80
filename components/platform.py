"""What all parts of a stack share, put together from its settings and the project's folder."""

import platform
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pulumi

from components.account import Account, open_account
from components.bundle import Bundler
from components.encryption import StackKey, StackKeyArgs
from components.log_groups import LogKeeping
from components.naming import Naming
from components.settings import FunctionsSettings, StackSettings


class Bundles(Protocol):
    """Where functions' code comes from; `components.bundle.Bundler` is one."""

    def archive(self, function: str) -> pulumi.Archive: ...

    def digest(self, function: str) -> str: ...


@dataclass(frozen=True, kw_only=True)
class StackPlatform:
    """What components are handed beside their own settings."""

    naming: Naming
    account: Account
    key: StackKey | None
    """The stack's own key, where any setting asks for one."""
    logs: LogKeeping
    log_level: str
    tracing: bool
    functions: FunctionsSettings
    bundles: Bundles
    fluxa_version: str
    settings_fingerprint: str

    def environment(self) -> dict[str, pulumi.Input[str]]:
        """Return what every function is told."""
        return {
            "STACK": self.naming.stack,
            "LOG_LEVEL": self.log_level,
            "FLUXA_VERSION": self.fluxa_version,
            "SETTINGS_FINGERPRINT": self.settings_fingerprint,
        }

    def runtime(self) -> str:
        """Return Lambda's name for the Python that the bundles are built for."""
        return f"python{_running_python() if self.functions.architecture == 'host' else self.functions.python}"

    def lambda_architecture(self) -> str:
        """Return Lambda's name for the processor that the bundles are built for."""
        if self.functions.architecture != "host":
            return self.functions.architecture
        return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"

    def key_for(self, encryption: str) -> StackKey | None:
        """Return the stack's key where a setting says `kms`; none means AWS's key for the service."""
        return self.key if encryption == "kms" else None


def open_platform(project_dir: Path, settings: StackSettings) -> StackPlatform:
    """Return the platform of the stack that is being run, in the region that `aws:region` names."""
    naming = Naming(project=pulumi.get_project(), stack=pulumi.get_stack())
    account = open_account(region=pulumi.Config("aws").require("region"), tags=naming.tags())
    return stack_platform(project_dir, naming, account, settings)


def stack_platform(project_dir: Path, naming: Naming, account: Account, settings: StackSettings) -> StackPlatform:
    """Return it, with the stack's key made where a setting asks for one. Nothing is built before it is needed."""
    functions, observability = settings.functions, settings.observability
    key = None
    if settings.uses_own_key():
        key_args = StackKeyArgs(account=account, naming=naming, protect=settings.keeps_anything())
        key = StackKey("encryption", key_args, account.options())
    return StackPlatform(
        naming=naming,
        account=account,
        key=key,
        logs=LogKeeping(
            retention_days=observability.log_retention_days,
            key_arn=key.arn if key is not None and observability.log_encryption == "kms" else None,
        ),
        log_level=observability.log_level,
        tracing=observability.tracing,
        functions=functions,
        bundles=Bundler(
            project_dir=project_dir,
            python=functions.python,
            architecture=functions.architecture,
            handlers=Path(settings.processing.handlers),
            build=functions.bundles == "built",
            schemas=settings.ingest.schema_mode != "off",
        ),
        fluxa_version=_version(project_dir),
        settings_fingerprint=settings.fingerprint(),
    )


def _running_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _version(project_dir: Path) -> str:
    project = tomllib.loads((project_dir / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
