"""A JSON Schema of `Pulumi.<stack>.yaml`, so that an editor completes keys and underlines mistakes before a preview."""

import json
from typing import Any

from components.settings import StackSettings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAMESPACE = "fluxa"


def stack_schema() -> dict[str, Any]:
    """Return the schema. What several sections must agree on, only a preview can say."""
    settings = StackSettings.model_json_schema()
    sections = {f"{_NAMESPACE}:{name}": schema for name, schema in settings["properties"].items()}
    return {
        "$schema": _DIALECT,
        "title": "A stack of Fluxa",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {"aws:region": {"type": "string", "description": "Where the stack lives."}, **sections},
                # Other packages' keys are their own business; ours are all listed above.
                "patternProperties": {f"^(?!{_NAMESPACE}:)": {}},
                "additionalProperties": False,
                "required": ["aws:region"],
            }
        },
        "$defs": settings["$defs"],
    }


def stack_schema_text() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(stack_schema(), indent=2, ensure_ascii=False) + "\n"
