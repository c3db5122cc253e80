"""A plan as JSON: one object per registration, the same bytes for the same program and settings."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from fluxa.local.engine import Recording, Registration, Secret, Unknown

SECRET_MASK = "[secret]"  # noqa: S105 - what is shown instead of one
UNKNOWN_MASK = "[unknown]"
"""Stands for what only a deployment would know, such as the ARN of a resource that does not exist yet."""


def plan_document(recording: Recording, project_dir: Path) -> list[dict[str, Any]]:
    """List every registration with its options; secrets are masked, archives appear as paths within the project."""
    return [_entry(registration, project_dir) for registration in recording.registrations]


def shown(value: Any, project_dir: Path) -> Any:
    """Return `value` as it may be printed: nothing secret, nothing that JSON has no word for."""
    match value:
        case Secret():
            return SECRET_MASK
        case Unknown():
            return UNKNOWN_MASK
        case Mapping():
            return {key: shown(item, project_dir) for key, item in value.items()}
        case list() | tuple():
            return [shown(item, project_dir) for item in value]
        case pulumi.Archive() | pulumi.Asset():
            return _content(value, project_dir)
        case _:
            return value


def _content(value: pulumi.Archive | pulumi.Asset, project_dir: Path) -> Any:
    match value:
        case pulumi.FileArchive() | pulumi.FileAsset():
            # Relative even when it lies elsewhere: a plan must not show the machine it was made on.
            return Path(os.path.relpath(project_dir / str(value.path), project_dir)).as_posix()
        case pulumi.AssetArchive():
            return {name: shown(item, project_dir) for name, item in value.assets.items()}
        case pulumi.StringAsset():
            return value.text
        case pulumi.RemoteArchive() | pulumi.RemoteAsset():
            return value.uri
        case _:
            raise TypeError(f"a plan cannot show a {type(value).__name__}")


def _entry(registration: Registration, project_dir: Path) -> dict[str, Any]:
    return {
        "urn": registration.urn,
        "type": registration.type,
        "name": registration.name,
        "custom": registration.custom,
        "parent": registration.parent,
        "inputs": shown(registration.marked_inputs, project_dir),
        "dependencies": list(registration.dependencies),
        "property_dependencies": {key: list(urns) for key, urns in registration.property_dependencies.items()},
        "protect": registration.protect,
        "retain_on_delete": registration.retain_on_delete,
        "delete_before_replace": registration.delete_before_replace,
        # Without the id that follows the URN: it exists only in a deployment.
        "provider": registration.provider.rpartition("::")[0],
        "ignore_changes": list(registration.ignore_changes),
        "replace_on_changes": list(registration.replace_on_changes),
        "additional_secret_outputs": list(registration.additional_secret_outputs),
        "aliases": [dict(alias) for alias in registration.aliases],
        "custom_timeouts": dict(registration.custom_timeouts),
        "deleted_with": registration.deleted_with,
        "import_id": registration.import_id,
    }
