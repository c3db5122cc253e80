"""The configuration one run sees: `Pulumi.yaml`'s defaults, then `Pulumi.<stack>.yaml`, then overrides.

Pulumi keeps every value as text, objects as JSON; this module knows how each becomes so.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fluxa.errors import OperatorError

ENCRYPTED = "[secret]"
"""Stands for a value that `pulumi config set --secret` encrypted: without the stack's key nobody can read it."""


class UnknownStack(OperatorError):
    """The project has no file for the stack."""


class InvalidConfiguration(OperatorError):
    """A project or stack file, or an override, cannot be read as configuration."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One stack's configuration as the program will read it."""

    project: str
    values: Mapping[str, str]
    """`namespace:key` to text; objects as JSON."""
    secret_keys: frozenset[str]

    def section(self, name: str) -> Mapping[str, Any]:
        """Return one of the project's objects; empty when it is not set, or no object."""
        with suppress(ValueError):
            value = json.loads(self.values.get(f"{self.project}:{name}", ""))
            if isinstance(value, dict):
                return value
        return {}


def load_configuration(
    project_dir: Path, stack: str, overrides: Mapping[str, Any], *, profile: str | None = None
) -> Configuration:
    """Merge the project's defaults, the stack's file and `overrides`, the later winning.

    Args:
        project_dir: The folder with `Pulumi.yaml`.
        stack: The stack's name.
        profile: Another stack, whose file lies below this one's: what only that one says holds, key by key.
        overrides: Dotted settings: `network.mode` sets the key `mode` of the object `<project>:network`, leaving its
            other keys as they are; a name without a dot replaces the whole value.

    Raises:
        UnknownStack: there is no `Pulumi.<stack>.yaml`; the message lists the stacks that exist.
        InvalidConfiguration: a file is missing or no YAML mapping, or an override reaches into something that is no
            object.
    """
    project = _read(project_dir / "Pulumi.yaml")
    name = project.get("name")
    if not isinstance(name, str):
        raise InvalidConfiguration(f"{project_dir / 'Pulumi.yaml'} does not name the project: add `name: …`.")
    values, secret_keys = _defaults(project.get("config") or {}, name)
    settings = _of_stack(project_dir, stack, name)
    if profile is not None:
        settings = _laid_over(settings, _of_stack(project_dir, profile, name))
    for key, value in settings.items():
        values[key] = _without_ciphertext(value)
        if _holds_ciphertext(value):
            secret_keys.add(key)
    for path, value in overrides.items():
        _override(values, path, value, project=name)
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return Configuration(project=name, values=texts, secret_keys=frozenset(secret_keys))


def _of_stack(project_dir: Path, stack: str, project: str) -> dict[str, Any]:
    config = _read(_stack_file(project_dir, stack)).get("config") or {}
    return {_qualified(key, project): value for key, value in config.items()}


def _laid_over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, with objects merged key by key; an encrypted value is one value, not an object."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict) and "secure" not in {*value, *below}:
            merged[key] = _laid_over(value, below)
        else:
            merged[key] = value
    return merged


def stacks_of(project_dir: Path) -> list[str]:
    """Name the stacks that have a file in `project_dir`."""
    names = (path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in project_dir.glob("Pulumi.*.yaml"))
    return sorted(name for name in names if name)


def _stack_file(project_dir: Path, stack: str) -> Path:
    path = project_dir / f"Pulumi.{stack}.yaml"
    # A name is looked up, not opened: `-s ../x` must not read a file elsewhere.
    if stack not in stacks_of(project_dir):
        existing = ", ".join(stacks_of(project_dir)) or "none yet"
        raise UnknownStack(f"There is no stack {stack!r} in {project_dir}; stacks: {existing}.")
    return path


def _defaults(declarations: Mapping[str, Any], project: str) -> tuple[dict[str, Any], set[str]]:
    """Read the `config` of `Pulumi.yaml`: a declaration with a default, or a bare value."""
    values: dict[str, Any] = {}
    secret_keys: set[str] = set()
    for key, declared in declarations.items():
        name = _qualified(key, project)
        if not isinstance(declared, dict):
            values[name] = declared
            continue
        if "default" in declared or "value" in declared:
            values[name] = declared.get("default", declared.get("value"))
        if declared.get("secret"):
            secret_keys.add(name)
    return values, secret_keys


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidConfiguration(f"{path} does not exist: run this in the project's folder.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidConfiguration(f"{path} cannot be read: {' '.join(str(error).split())}.") from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not isinstance(content.get("config") or {}, dict):
        raise InvalidConfiguration(f"{path} must be a YAML mapping, and so must its `config`.")
    return content


def _qualified(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _holds_ciphertext(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_holds_ciphertext(item) for item in value.values())
    return isinstance(value, list) and any(_holds_ciphertext(item) for item in value)


def _without_ciphertext(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return ENCRYPTED
        return {key: _without_ciphertext(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_ciphertext(item) for item in value]
    return value


def _override(values: dict[str, Any], path: str, value: Any, *, project: str) -> None:
    section, *rest = path.split(".")
    if not section or not all(rest):
        raise InvalidConfiguration(f"{path!r} is not a setting: write `section.key`.")
    key = _qualified(section, project)
    if not rest:
        values[key] = value
        return
    holder = values[key] = _as_object(values.get(key), path)
    for part in rest[:-1]:
        holder[part] = _as_object(holder.get(part), path)
        holder = holder[part]
    holder[rest[-1]] = value


def _as_object(value: Any, path: str) -> dict[str, Any]:
    if isinstance(value, str):
        # The CLI writes objects as YAML, but a default in Pulumi.yaml may be spelled as JSON.
        with suppress(ValueError):
            value = json.loads(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidConfiguration(f"{path!r} reaches into a setting that has no keys of its own.")
    return dict(value)
