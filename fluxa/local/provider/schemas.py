"""Request models: OpenAPI 3.0 schemas in the JSON Schema draft 4 that API Gateway validates with.

https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html
"""

import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = "#/components/schemas/"

_FOR_READERS = {"deprecated", "discriminator", "example", "externalDocs", "nullable", "readOnly", "writeOnly", "xml"}
"""Words of OpenAPI that draft 4 has no meaning for; `nullable` is translated."""

_NAMED_SCHEMAS = {"properties", "patternProperties"}
"""Words whose value maps free names to schemas: a property may well be called `example`."""


def model_name(name: str) -> str:
    """Return a name that a model may have: letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", name)


def model_schema(body: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return `schema` as a document that needs no other: what it refers to is among its `definitions`.

    Definitions rather than copies, because a schema may refer to itself.
    """
    definitions: dict[str, Any] = {}
    translated = _translated(schema, body, definitions)
    return {"$schema": "http://json-schema.org/draft-04/schema#", **translated, "definitions": definitions}


def _translated(schema: Mapping[str, Any], body: Mapping[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REFERENCE)
        if name not in definitions:
            # Entered before it is translated, so that a schema that refers to itself ends here the second time.
            definitions[name] = {}
            definitions[name].update(_translated(body["components"]["schemas"][name], body, definitions))
        return {"$ref": f"#/definitions/{name}"}
    translated = {
        key: _inner(key, value, body, definitions)
        for key, value in schema.items()
        if key not in _FOR_READERS and not key.startswith("x-")
    }
    if schema.get("nullable"):
        translated = _or_null(translated)
    return translated


def _inner(key: str, value: Any, body: Mapping[str, Any], definitions: dict[str, Any]) -> Any:
    if key in _NAMED_SCHEMAS:
        return {name: _translated(item, body, definitions) for name, item in value.items()}
    if key in {"enum", "default", "required"}:
        return value
    if isinstance(value, Mapping):
        return _translated(value, body, definitions)
    if isinstance(value, list):
        return [_translated(item, body, definitions) if isinstance(item, Mapping) else item for item in value]
    return value


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "type" in schema:
        schema = {**schema, "type": [schema["type"], "null"]}
        return {**schema, "enum": [*schema["enum"], None]} if "enum" in schema else schema
    return {"anyOf": [schema, {"type": "null"}]}
