"""Recorded stacks as Terraform's files: a plan as JSON for scanners, and a configuration for `terraform validate`."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.terraform_resources import Reference, TerraformResource, Text

NAMED_BY_PULUMI = {"aws_api_gateway_api_key"}
"""Types that need a name in Terraform, and get one from Pulumi when the program gives none."""


def plan(resources: Sequence[TerraformResource]) -> dict[str, Any]:
    """Return what `terraform show -json` says of a plan that creates everything."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [_planned(item) for item in resources]}},
        "resource_changes": [_change(item) for item in resources],
        "configuration": {"root_module": {"resources": [_configured(item) for item in resources]}},
    }


def configuration(resources: Sequence[TerraformResource]) -> dict[str, Any]:
    """Return the content of a `main.tf.json`."""
    blocks: dict[str, dict[str, Any]] = {}
    for item in resources:
        named = {"name": item.name} if item.type in NAMED_BY_PULUMI else {}
        blocks.setdefault(item.type, {})[item.name] = _interpolated({**named, **item.values})
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": {"region": "eu-central-1"}},
        "resource": blocks,
    }


def _planned(item: TerraformResource) -> dict[str, Any]:
    return {
        "address": item.address,
        "mode": "managed",
        "type": item.type,
        "name": item.name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "schema_version": 0,
        "values": _known(item.values),
    }


def _change(item: TerraformResource) -> dict[str, Any]:
    return {
        "address": item.address,
        "mode": "managed",
        "type": item.type,
        "name": item.name,
        "change": {"actions": ["create"], "before": None, "after": _known(item.values), "after_unknown": {}},
    }


def _configured(item: TerraformResource) -> dict[str, Any]:
    return {
        "address": item.address,
        "mode": "managed",
        "type": item.type,
        "name": item.name,
        "provider_config_key": "aws",
        "expressions": _expressions(item.values),
    }


_ABSENT = object()


def _known(value: Any) -> Any:
    """Leave out references, as a plan does: their values are known after the apply. Texts stay, to be checked."""
    match value:
        case Reference():
            return _ABSENT
        case Text():
            return value.value
        case Mapping():
            return {key: known for key, item in value.items() if (known := _known(item)) is not _ABSENT}
        case list() | tuple():
            known = [found for item in value if (found := _known(item)) is not _ABSENT]
            return known if known or not value else _ABSENT
        case _:
            return value


def _expressions(values: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            found[key] = [_expressions(item) for item in value]
        elif references := _references(value):
            found[key] = {"references": references}
        else:
            found[key] = {"constant_value": _known(value)}
    return found


def _references(value: Any) -> list[str]:
    """List references as Terraform does: the attribute, then the resource."""
    match value:
        case Reference():
            return [str(value), value.address]
        case Text():
            return [text for part in value.parts if isinstance(part, Reference) for text in _references(part)]
        case Mapping():
            return [text for item in value.values() for text in _references(item)]
        case list() | tuple():
            return [text for item in value for text in _references(item)]
        case _:
            return []


def _interpolated(value: Any) -> Any:
    match value:
        case Reference():
            return f"${{{value}}}"
        case Text():
            return "".join(_interpolated(part) for part in value.parts)
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case Mapping():
            return {key: _interpolated(item) for key, item in value.items()}
        case list() | tuple():
            return [_interpolated(item) for item in value]
        case _:
            return value
