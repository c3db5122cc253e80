"""Builds a REST API from an OpenAPI document call by call: the emulator, unlike AWS, cannot import one.

What AWS reads in the document: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
An extension that is not mapped here is an error, as an unmapped input is.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fluxa.local.provider.schemas import model_name, model_schema

_PREFIX = "x-amazon-apigateway-"

_METHODS = {
    **{method: method.upper() for method in ("get", "put", "post", "delete", "options", "head", "patch")},
    f"{_PREFIX}any-method": "ANY",
}

_API_SETTINGS = {
    f"{_PREFIX}api-key-source": "apiKeySource",
    f"{_PREFIX}binary-media-types": "binaryMediaTypes",
    f"{_PREFIX}minimum-compression-size": "minimumCompressionSize",
}

_DOCUMENT_EXTENSIONS = {
    *_API_SETTINGS,
    f"{_PREFIX}gateway-responses",
    f"{_PREFIX}request-validator",
    f"{_PREFIX}request-validators",
}
_PATH_EXTENSIONS = {f"{_PREFIX}any-method"}
_OPERATION_EXTENSIONS = {f"{_PREFIX}integration", f"{_PREFIX}request-validator"}

_INTEGRATION_KEYS = {
    "connectionType": "connectionType",
    "contentHandling": "contentHandling",
    "credentials": "credentials",
    "httpMethod": "integrationHttpMethod",
    "passthroughBehavior": "passthroughBehavior",
    "requestParameters": "requestParameters",
    "requestTemplates": "requestTemplates",
    "timeoutInMillis": "timeoutInMillis",
    "type": "type",
    "uri": "uri",
}
_UPPER_CASE = {"connectionType", "contentHandling", "passthroughBehavior", "type"}
"""OpenAPI writes these in lower case, the API in upper case."""

_PARAMETER_PLACES = {"header": "header", "path": "path", "query": "querystring"}

API_KEY_HEADER = "x-api-key"


class UnmappedExtension(LookupError):
    """The document says something that this module does not know how to build."""


def api_settings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the document says about the API as a whole, in the words of `create_rest_api`."""
    return {theirs: body[ours] for ours, theirs in _API_SETTINGS.items() if ours in body}


def expand(client: Any, api_id: str, body: Mapping[str, Any]) -> str:
    """Create everything in the document, and return the id of the root resource.

    Args:
        client: The boto3 client `apigateway`.
        api_id: An API without resources.
        body: An OpenAPI 3.0 document with API Gateway's extensions.

    Raises:
        UnmappedExtension: it uses an extension, security scheme or place for parameters that is not mapped.
    """
    _refuse_unknown(body, _DOCUMENT_EXTENSIONS, "the document")
    for response_type, response in body.get(f"{_PREFIX}gateway-responses", {}).items():
        client.put_gateway_response(restApiId=api_id, responseType=response_type, **response)
    for name in body.get("components", {}).get("schemas", {}):
        _create_model(client, api_id, model_name(name), model_schema(body, {"$ref": f"#/components/schemas/{name}"}))
    validators = {
        name: client.create_request_validator(restApiId=api_id, name=name, **definition)["id"]
        for name, definition in body.get(f"{_PREFIX}request-validators", {}).items()
    }
    resources = _Resources(client, api_id)
    for path, item in body.get("paths", {}).items():
        _refuse_unknown(item, _PATH_EXTENSIONS, path)
        resource_id = resources.at(path)
        for key, method in _METHODS.items():
            if key in item:
                _create_method(client, api_id, resource_id, method, body, item, item[key], validators)
    return resources.at("/")


class _Resources:
    """The tree of path parts, each created once."""

    def __init__(self, client: Any, api_id: str) -> None:
        self._client = client
        self._api_id = api_id
        self._ids: dict[str, str] = {"": client.get_resources(restApiId=api_id)["items"][0]["id"]}

    def at(self, path: str) -> str:
        """Return the id of the resource at `path`, creating it and those above it when need be."""
        path = path.rstrip("/")
        if path not in self._ids:
            above, _, part = path.rpartition("/")
            made = self._client.create_resource(restApiId=self._api_id, parentId=self.at(above), pathPart=part)
            self._ids[path] = str(made["id"])
        return self._ids[path]


def _create_method(
    client: Any,
    api_id: str,
    resource_id: str,
    method: str,
    body: Mapping[str, Any],
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    validators: Mapping[str, str],
) -> None:
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    _refuse_unknown(operation, _OPERATION_EXTENSIONS, operation.get("operationId", method))
    validator = operation.get(f"{_PREFIX}request-validator", body.get(f"{_PREFIX}request-validator"))
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    client.put_method(
        **place,
        **_authorization(body, operation),
        requestParameters=dict(_request_parameter(body, parameter) for parameter in parameters),
        requestModels=dict(_request_models(client, api_id, body, operation)),
        **({"requestValidatorId": validators[validator]} if validator else {}),
        **({"operationName": operation["operationId"]} if "operationId" in operation else {}),
    )
    integration = operation.get(f"{_PREFIX}integration")
    if integration is not None:
        client.put_integration(**place, **dict(_integration(integration)))


def _authorization(body: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    schemes = body.get("components", {}).get("securitySchemes", {})
    required = {name for demand in operation.get("security", body.get("security", [])) for name in demand}
    answer: dict[str, Any] = {"authorizationType": "NONE", "apiKeyRequired": False}
    for name in sorted(required):
        scheme = schemes[name]
        if scheme.get(f"{_PREFIX}authtype") == "awsSigv4":
            answer["authorizationType"] = "AWS_IAM"
        elif (scheme.get("type"), scheme.get("in"), str(scheme.get("name")).lower()) == (
            "apiKey",
            "header",
            API_KEY_HEADER,
        ):
            answer["apiKeyRequired"] = True
        else:
            raise UnmappedExtension(f"the local platform does not map the security scheme {name!r}")
    return answer


def _request_parameter(body: Mapping[str, Any], parameter: Mapping[str, Any]) -> tuple[str, bool]:
    resolved = _resolved(body, parameter)
    place = _PARAMETER_PLACES.get(resolved["in"])
    if place is None:
        raise UnmappedExtension(f"the local platform does not map parameters in a {resolved['in']}")
    return f"method.request.{place}.{resolved['name']}", bool(resolved.get("required", False))


def _request_models(
    client: Any, api_id: str, body: Mapping[str, Any], operation: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    content = _resolved(body, operation.get("requestBody", {})).get("content", {})
    for number, (media_type, described) in enumerate(content.items()):
        schema = described.get("schema")
        if schema is None:
            continue
        if set(schema) == {"$ref"}:
            name = model_name(schema["$ref"].rpartition("/")[2])
        else:
            name = model_name(f"{operation['operationId']}Body{number}")
            _create_model(client, api_id, name, model_schema(body, schema))
        yield media_type, name


def _integration(integration: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in integration.items():
        if key not in _INTEGRATION_KEYS:
            raise UnmappedExtension(f"the local platform does not map {key!r} of an integration")
        yield _INTEGRATION_KEYS[key], value.upper() if key in _UPPER_CASE else value


def _create_model(client: Any, api_id: str, name: str, schema: Mapping[str, Any]) -> None:
    client.create_model(
        restApiId=api_id, name=name, contentType="application/json", schema=json.dumps(schema, sort_keys=True)
    )


def _resolved(body: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        found: Any = body
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def _refuse_unknown(node: Mapping[str, Any], known: set[str], place: str) -> None:
    unknown = sorted(key for key in node if key.startswith(_PREFIX) and key not in known)
    if unknown:
        raise UnmappedExtension(f"the local platform does not map {', '.join(unknown)} of {place}")
