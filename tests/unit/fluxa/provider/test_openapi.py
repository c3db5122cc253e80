"""An OpenAPI document becomes the calls that build the same API, or an error that names what cannot be built."""

from typing import Any

import pytest

from fluxa.local.provider.openapi import UnmappedExtension, expand
from fluxa.local.provider.schemas import model_schema


class RecordedGateway:
    """Stands for the boto3 client: gives out ids and keeps every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> dict[str, Any]:
            self.calls.append((operation, arguments))
            if operation == "get_resources":
                return {"items": [{"id": "root"}]}
            return {"id": str(arguments.get("pathPart") or arguments.get("name"))}

        return call

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == operation]


def built(document: dict[str, Any]) -> RecordedGateway:
    gateway = RecordedGateway()
    expand(gateway, "api", document)
    return gateway


INTEGRATION = {"type": "aws_proxy", "httpMethod": "POST", "uri": "arn:f", "passthroughBehavior": "when_no_match"}
KEY = {"components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}}}


def an_api(operation: dict[str, Any], **document: Any) -> dict[str, Any]:
    return {"openapi": "3.0.1", "paths": {"/a/{id}/b": {"get": operation}}, **document}


def test_each_part_of_a_path_is_created_once():
    gateway = built({"paths": {"/a/{id}": {}, "/a/{id}/b": {}, "/": {}}})

    assert [("root", "a"), ("a", "{id}"), ("{id}", "b")] == [
        (call["parentId"], call["pathPart"]) for call in gateway.of("create_resource")
    ]


def test_a_method_and_its_integration_are_written_in_the_apis_own_words():
    operation = {"operationId": "find", "x-amazon-apigateway-integration": INTEGRATION, "security": [{"key": []}]}

    gateway = built(an_api(operation, **KEY))

    (method,), (integration,) = gateway.of("put_method"), gateway.of("put_integration")
    assert ("b", "GET", "NONE", True) == (
        method["resourceId"],
        method["httpMethod"],
        method["authorizationType"],
        method["apiKeyRequired"],
    )
    assert {
        "restApiId": "api",
        "resourceId": "b",
        "httpMethod": "GET",
        "type": "AWS_PROXY",
        "integrationHttpMethod": "POST",
        "uri": "arn:f",
        "passthroughBehavior": "WHEN_NO_MATCH",
    } == integration


def test_the_documents_security_and_validator_hold_where_an_operation_has_none_of_its_own():
    document = an_api({}, security=[{"key": []}], **KEY) | {
        "x-amazon-apigateway-request-validators": {"all": {"validateRequestParameters": True}},
        "x-amazon-apigateway-request-validator": "all",
    }

    (method,) = built(document).of("put_method")

    assert (True, "all") == (method["apiKeyRequired"], method["requestValidatorId"])


def test_parameters_of_path_and_operation_are_joined():
    document = {
        "paths": {
            "/a": {
                "parameters": [{"$ref": "#/components/parameters/Trace"}],
                "get": {"parameters": [{"name": "limit", "in": "query"}]},
            }
        },
        "components": {"parameters": {"Trace": {"name": "X-Trace", "in": "header", "required": True}}},
    }

    (method,) = built(document).of("put_method")

    assert {"method.request.header.X-Trace": True, "method.request.querystring.limit": False} == method[
        "requestParameters"
    ]


def test_a_signed_method_is_authorized_by_iam():
    signed = {"type": "apiKey", "in": "header", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"}
    document = an_api({"security": [{"signed": []}]}, components={"securitySchemes": {"signed": signed}})

    (method,) = built(document).of("put_method")

    assert ("AWS_IAM", False) == (method["authorizationType"], method["apiKeyRequired"])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"x-amazon-apigateway-policy": {}}, "does not map x-amazon-apigateway-policy of the document"),
        (an_api({"operationId": "o", "x-amazon-apigateway-auth": {}}), "x-amazon-apigateway-auth of o"),
        (
            an_api({"x-amazon-apigateway-integration": {"type": "mock", "responses": {}}}),
            "does not map 'responses' of an integration",
        ),
        (
            an_api({"security": [{"o": []}]}, components={"securitySchemes": {"o": {"type": "oauth2"}}}),
            "does not map the security scheme 'o'",
        ),
        (an_api({"parameters": [{"name": "c", "in": "cookie"}]}), "does not map parameters in a cookie"),
    ],
)
def test_what_cannot_be_built_is_named(document: dict[str, Any], message: str):
    with pytest.raises(UnmappedExtension, match=message):
        built(document)


def test_a_model_carries_the_schemas_it_refers_to_even_itself():
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    body = {"components": {"schemas": {"Node": node}}}

    model = model_schema(body, {"$ref": "#/components/schemas/Node"})

    reference = {"$ref": "#/definitions/Node"}
    assert {
        "$schema": "http://json-schema.org/draft-04/schema#",
        **reference,
        "definitions": {"Node": {"type": "object", "properties": {"next": reference}}},
    } == model


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"oneOf": [{}], "nullable": True}, {"anyOf": [{"oneOf": [{}]}, {"type": "null"}]}),
        ({"type": "string", "example": "a", "deprecated": True, "x-order": 1}, {"type": "string"}),
        (
            {"type": "object", "properties": {"example": {"type": "string", "example": "a"}}, "required": ["example"]},
            {"type": "object", "properties": {"example": {"type": "string"}}, "required": ["example"]},
        ),
        ({"allOf": [{"nullable": True, "type": "integer"}]}, {"allOf": [{"type": ["integer", "null"]}]}),
    ],
)
def test_openapi_schemas_are_said_in_draft_4(schema: dict[str, Any], expected: dict[str, Any]):
    model = model_schema({}, schema)

    assert expected == {key: value for key, value in model.items() if key not in {"$schema", "definitions"}}
