"""From our OpenAPI document to the one API Gateway imports: what the gateway decides, and nothing else.

The gateway checks callers, throttles and parameters. Bodies go to the function as they are: a CloudEvent in binary mode
has any JSON as its body, a compressed body is not JSON at all, and answers about fields shall read the same everywhere.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.api_access import ACCESS_RULES, API_KEY_HEADER, ApiAuth
from components.gateway_responses import gateway_responses

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_VALIDATOR = "parameters"


def read_document(path: Path) -> Mapping[str, Any]:
    """Read an OpenAPI document in YAML."""
    # The loader in C is ten times as fast, and every preview waits for it; it refuses arbitrary objects just the same.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe one
    return document


def operation_paths(document: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return operation id → (HTTP method, path) of every operation.

    Raises:
        ValueError: An operation has no id, or two have the same.
    """
    found: dict[str, tuple[str, str]] = {}
    for path, method, operation in _operations(document):
        name = operation.get("operationId")
        if not name or name in found:
            raise ValueError(f"{method.upper()} {path} needs an operationId of its own, got {name!r}")
        found[name] = (method.upper(), path)
    return found


def render_body(document: Mapping[str, Any], invoke_arns: Mapping[str, str], *, auth: ApiAuth = "api_key") -> str:
    """Return the document to import, as JSON; equal inputs give equal text.

    Media types with a schema of `format: binary` become the API's binary ones: the gateway hands their bodies on in
    base64, and would otherwise replace every byte that is no UTF-8. All others stay text, because base64 makes a body a
    third longer, and 5 MB would no longer fit into what Lambda takes.

    Args:
        document: Our OpenAPI document.
        invoke_arns: Operation id → invoke ARN of the function that answers it.
        auth: Who may call. The document asks for a key everywhere; what stands in for it is put in its place.

    Raises:
        ValueError: The operations and functions do not match, or an operation can be called without a key.
    """
    operations = operation_paths(document)
    if set(operations) != set(invoke_arns):
        missing, unknown = sorted(set(operations) - set(invoke_arns)), sorted(set(invoke_arns) - set(operations))
        raise ValueError(f"operations without a function: {missing}; functions without an operation: {unknown}")
    access = ACCESS_RULES[auth]
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation in _operations(document):
        _require_key(document, operation)
        shared = document["paths"][path].get("parameters", [])
        paths.setdefault(path, {})[method] = {
            "operationId": operation["operationId"],
            "parameters": [_parameter(document, item) for item in (*shared, *operation.get("parameters", []))],
            # The function answers in full; the gateway only wants to see that there are answers.
            "responses": {status: {"description": "As the function says."} for status in operation["responses"]},
            **access.operation,
            "x-amazon-apigateway-request-validator": _VALIDATOR,
            "x-amazon-apigateway-integration": _integration(invoke_arns[operation["operationId"]]),
        }
    body = {
        "openapi": document["openapi"],
        "info": {key: document["info"][key] for key in ("title", "version")},
        "paths": paths,
        **access.document,
        "x-amazon-apigateway-binary-media-types": _binary_media_types(document),
        "x-amazon-apigateway-request-validators": {
            _VALIDATOR: {"validateRequestBody": False, "validateRequestParameters": True}
        },
        "x-amazon-apigateway-gateway-responses": gateway_responses(auth),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _binary_media_types(document: Mapping[str, Any]) -> list[str]:
    contents = (_resolved(document, item.get("requestBody", {})) for _, _, item in _operations(document))
    return sorted(
        {
            media_type
            for content in contents
            for media_type, described in content.get("content", {}).items()
            if _resolved(document, described.get("schema", {})).get("format") == "binary"
        }
    )


def _integration(invoke_arn: str) -> dict[str, Any]:
    # A Lambda proxy is always called by POST, whatever the client's method.
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_arn, "passthroughBehavior": "when_no_match"}


def _parameter(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> dict[str, Any]:
    resolved = _resolved(document, parameter)
    # All the gateway checks is whether a required one is there.
    return {
        "name": resolved["name"],
        "in": resolved["in"],
        "required": resolved.get("required", False),
        "schema": {"type": "string"},
    }


def _require_key(document: Mapping[str, Any], operation: Mapping[str, Any]) -> None:
    schemes = document.get("components", {}).get("securitySchemes", {})
    keys = {name for name, scheme in schemes.items() if _is_key(scheme)}
    alternatives = operation.get("security", document.get("security", []))
    if not alternatives or not all(keys & set(alternative) for alternative in alternatives):
        raise ValueError(
            f"operation {operation['operationId']} can be called without a key: "
            f"give it a security requirement of type apiKey, in the header {API_KEY_HEADER}"
        )


def _is_key(scheme: Mapping[str, Any]) -> bool:
    return (scheme["type"], scheme.get("in"), str(scheme.get("name")).lower()) == ("apiKey", "header", API_KEY_HEADER)


def _resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        place: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        node = place
    return node
