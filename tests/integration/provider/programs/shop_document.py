"""The OpenAPI document of the round trip, with every construct that the local platform builds."""

import json

TEXT = {"type": "string"}
TRACE = {"name": "X-Trace", "in": "header", "required": True, "schema": TEXT}
IDENTIFIER = {"name": "id", "in": "path", "required": True, "schema": TEXT}
LINES = {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}
ORDER = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "example": "order.created"},
        "note": {"type": "string", "nullable": True},
        "lines": LINES,
    },
}
LINE = {"type": "object", "required": ["sku"], "properties": {"sku": TEXT, "parts": LINES}}


def problem(status, code):
    return {
        "statusCode": status,
        "responseTemplates": {"application/json": json.dumps({"code": code})},
        "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
    }


def operation(name, invoke_arn, **extra):
    return {
        "operationId": name,
        "security": [{"key": []}],
        "responses": {"202": {"description": "ok"}},
        "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_arn},
        **extra,
    }


def document(invoke_arn):
    order = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
    validator = {"validateRequestBody": True, "validateRequestParameters": True}
    return {
        "openapi": "3.0.1",
        "info": {"title": "trip", "version": "1"},
        "x-amazon-apigateway-request-validators": {"all": validator},
        "x-amazon-apigateway-request-validator": "all",
        "x-amazon-apigateway-binary-media-types": ["application/octet-stream"],
        "x-amazon-apigateway-gateway-responses": {
            "BAD_REQUEST_BODY": problem("400", "bad_body"),
            "BAD_REQUEST_PARAMETERS": problem("400", "bad_parameters"),
            "INVALID_API_KEY": problem("403", "bad_key"),
            "MISSING_AUTHENTICATION_TOKEN": problem("404", "not_found"),
        },
        "paths": {
            "/orders": {"post": operation("order", invoke_arn, requestBody=order)},
            "/orders/{id}": {
                "parameters": [{"$ref": "#/components/parameters/Trace"}],
                "get": operation("find", invoke_arn, parameters=[IDENTIFIER]),
            },
            "/raw": {"put": operation("raw", invoke_arn)},
            "/forbidden": {"post": operation("forbidden", invoke_arn)},
        },
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "parameters": {"Trace": TRACE},
            "schemas": {"Order": ORDER, "Line": LINE},
        },
    }
