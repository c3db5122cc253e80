"""The page of settings: every key, what it may be, what it is by default, and what the presets make of it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from components.settings import RULES, StackSettings

PRESETS = ("dev", "pr", "prod")
"""Stack files that are shown beside the defaults."""

_PROJECT = Path(__file__).parents[2]
_NAMESPACE = "fluxa"

_HEAD = """# Settings

Generated from `components/settings/`; do not edit.

A stack is a file `Pulumi.<stack>.yaml` that holds what differs from the defaults:

```yaml
config:
  aws:region: eu-central-1
  fluxa:queue:
    max_receive_count: 5
```

A key that does not exist, a value out of range, or two that contradict each other stop the preview with a sentence.
`fluxa plan -s <stack> --set queue.max_receive_count=5` tries a value without writing it down.
`docs/reference/stack.schema.json` describes the same to an editor; the presets refer to it in their first line.
An empty cell in a preset's column is the default.
"""


def settings_page() -> str:
    """Return the page, in Markdown."""
    presets = {name: _stack_file(name) for name in PRESETS}
    sections = [
        "\n".join(_section(name, field.annotation, presets)) for name, field in StackSettings.model_fields.items()
    ]
    return "\n".join([_HEAD, *sections, *_agreements()])


def _section(name: str, model: Any, presets: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"## `{_NAMESPACE}:{name}`\n"
    yield f"{_one_line(model.__doc__)}\n"
    yield f"| Key | May be | Default | {' | '.join(f'`{preset}`' for preset in PRESETS)} | Meaning |"
    yield f"| {' | '.join(['---'] * (4 + len(PRESETS)))} |"
    properties = model.model_json_schema()["properties"]
    for key, field in model.model_fields.items():
        chosen = [_value(presets[preset].get(name, {}), key) for preset in PRESETS]
        cells = [f"`{key}`", _allowed(properties[key]), _code(field.get_default()), *chosen, _meaning(field)]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _agreements() -> Iterator[str]:
    yield "## What sections must agree on\n"
    for rule in RULES:
        yield f"- {_one_line(rule.__doc__)}"
    yield ""


def _stack_file(name: str) -> dict[str, Any]:
    config = yaml.safe_load((_PROJECT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))["config"]
    prefix = f"{_NAMESPACE}:"
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}


def _allowed(schema: Mapping[str, Any]) -> str:
    """Say in words what a property's schema lets through."""
    if "anyOf" in schema:
        return ", or ".join(_allowed(alternative) for alternative in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(_code(value) for value in schema["enum"])
    if schema["type"] == "array":
        return f"list of {_allowed(schema['items'])}"
    lower, upper = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    if lower is None and upper is None:
        return {"boolean": "`true`, `false`", "null": "`null`", "string": "text"}[schema["type"]]
    above = "above " if "exclusiveMinimum" in schema else ""
    return f"{above}{_number(lower)} … {_number(upper)}" if upper is not None else f"from {_number(lower)}"


def _number(value: float | None) -> str:
    return f"{value:,.10g}" if value is not None else ""


def _value(section: Mapping[str, Any], key: str) -> str:
    return _code(section[key]) if key in section else ""


def _code(value: Any) -> str:
    return f"`{json.dumps(value)}`" if not isinstance(value, str) else f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    return _one_line(field.description).replace("|", "\\|")


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
