"""What API Gateway is told of the OpenAPI document."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.gateway_responses import gateway_problems
from components.openapi_body import operation_paths, render_body
from tests.support.openapi_example import DOCUMENT

SHIPPED = yaml.safe_load((Path(__file__).parents[3] / "openapi.yaml").read_text(encoding="utf-8"))
ARNS = {"makeThing": "arn:make", "readThing": "arn:read"}


def rendered(document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    return json.loads(render_body(document, ARNS))


def changed(**paths: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    document.update(paths)
    return document


def test_every_operation_is_found_by_its_id():
    assert {"makeThing": ("POST", "/things"), "readThing": ("GET", "/things/{id}")} == operation_paths(DOCUMENT)


def test_an_operation_calls_its_function_with_a_key_and_its_parameters_checked():
    operation = rendered()["paths"]["/things"]["post"]

    assert {
        "operationId": "makeThing",
        "parameters": [{"name": "X-Trace", "in": "header", "required": False, "schema": {"type": "string"}}],
        "responses": {"202": {"description": "As the function says."}, "422": {"description": "As the function says."}},
        "security": [{"apiKey": []}],
        "x-amazon-apigateway-request-validator": "parameters",
        "x-amazon-apigateway-integration": {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": "arn:make",
            "passthroughBehavior": "when_no_match",
        },
    } == operation


def test_parameters_of_a_path_belong_to_each_of_its_operations():
    parameters = rendered()["paths"]["/things/{id}"]["get"]["parameters"]

    assert [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}] == parameters


def test_bodies_are_left_to_the_functions():
    body = rendered()

    assert {"parameters": {"validateRequestBody": False, "validateRequestParameters": True}} == body[
        "x-amazon-apigateway-request-validators"
    ]
    assert "requestBody" not in body["paths"]["/things"]["post"]
    assert {"securitySchemes"} == set(body["components"])


def test_only_what_is_described_as_binary_reaches_a_function_as_bytes():
    assert ["application/zip"] == rendered()["x-amazon-apigateway-binary-media-types"]


def test_the_shipped_document_hands_on_compressed_bodies_and_keeps_json_text():
    body = json.loads(render_body(SHIPPED, dict.fromkeys(operation_paths(SHIPPED), "arn")))

    assert ["application/gzip", "application/zstd"] == body["x-amazon-apigateway-binary-media-types"]


def test_keys_are_read_from_the_header():
    body = rendered()

    assert {"apiKey": {"type": "apiKey", "name": "x-api-key", "in": "header"}} == body["components"]["securitySchemes"]
    assert "HEADER" == body["x-amazon-apigateway-api-key-source"]


@pytest.mark.parametrize("security", [[], [{}], [{"key": []}, {}], [{"other": []}]])
def test_an_operation_without_a_key_is_refused(security):
    with pytest.raises(ValueError, match=r"operation makeThing can be called without a key"):
        render_body(changed(security=security), ARNS)


def test_an_operation_cannot_opt_out_of_the_key():
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/things/{id}"]["get"]["security"] = []

    with pytest.raises(ValueError, match=r"operation readThing can be called without a key"):
        render_body(document, ARNS)


@pytest.mark.parametrize(
    ("arns", "message"),
    [
        ({"makeThing": "arn"}, r"operations without a function: \['readThing'\]; functions without an operation: \[\]"),
        (
            {**ARNS, "dropThing": "arn"},
            r"operations without a function: \[\]; functions without an operation: \['dropThing'\]",
        ),
    ],
)
def test_operations_and_functions_match_exactly(arns, message):
    with pytest.raises(ValueError, match=message):
        render_body(DOCUMENT, arns)


@pytest.mark.parametrize("name", [None, "makeThing"])
def test_every_operation_has_an_id_of_its_own(name):
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/things/{id}"]["get"]["operationId"] = name

    with pytest.raises(ValueError, match=r"GET /things/\{id\} needs an operationId of its own"):
        operation_paths(document)


def test_the_same_document_gives_the_same_text_whatever_its_order():
    reordered = changed(paths=dict(reversed(DOCUMENT["paths"].items())))

    assert render_body(DOCUMENT, ARNS) == render_body(reordered, dict(reversed(ARNS.items())))


@pytest.mark.parametrize("problem", gateway_problems("api_key"), ids=lambda problem: problem.response_type)
def test_what_the_gateway_answers_is_a_problem_document(problem):
    response = rendered()["x-amazon-apigateway-gateway-responses"][problem.response_type]

    headers, document = response["responseParameters"], json.loads(response["responseTemplates"]["application/json"])
    assert {"type", "title", "status", "detail", "code", "correlation_id"} == set(document)
    assert (problem.status, problem.code, "$context.requestId") == (
        document["status"],
        document["code"],
        document["correlation_id"],
    )
    assert "'application/problem+json'" == headers["gatewayresponse.header.Content-Type"]
    assert "context.requestId" == headers["gatewayresponse.header.X-Correlation-Id"]


def test_the_gateway_answers_with_the_status_its_document_names():
    responses = rendered()["x-amazon-apigateway-gateway-responses"]

    # The default ones too: they answer whatever has no answer of its own, and would keep its status beside ours.
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(responses)
    assert {name: item["statusCode"] for name, item in responses.items()} == {
        name: str(json.loads(item["responseTemplates"]["application/json"])["status"])
        for name, item in responses.items()
    }


def test_no_refusal_names_what_templates_do_not_know():
    # A gateway fills in nothing but these; of the rest, $context.status among it, it makes empty text.
    templates = json.dumps(rendered()["x-amazon-apigateway-gateway-responses"])

    assert {"$context.requestId"} == set(re.findall(r"\$[A-Za-z.]+", templates))


@pytest.mark.parametrize(
    ("response_type", "status", "code"),
    [
        ("INVALID_API_KEY", "403", "forbidden"),
        ("MISSING_AUTHENTICATION_TOKEN", "404", "not_found"),
        ("BAD_REQUEST_PARAMETERS", "400", "malformed_request"),
        ("REQUEST_TOO_LARGE", "413", "payload_too_large"),
        ("THROTTLED", "429", "throttled"),
        ("INTEGRATION_TIMEOUT", "503", "function_unavailable"),
    ],
)
def test_the_refusals_clients_meet_have_stable_codes(response_type, status, code):
    response = rendered()["x-amazon-apigateway-gateway-responses"][response_type]

    assert (status, code) == (
        response["statusCode"],
        json.loads(response["responseTemplates"]["application/json"])["code"],
    )


def test_a_refusal_that_passes_says_when_to_come_back():
    responses = rendered()["x-amazon-apigateway-gateway-responses"]

    told = {
        name for name, item in responses.items() if "gatewayresponse.header.Retry-After" in item["responseParameters"]
    }
    assert {"THROTTLED", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"} == told
