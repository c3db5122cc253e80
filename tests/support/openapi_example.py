"""A small OpenAPI document with everything the gateway's body is rendered from."""

from typing import Any

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Things", "version": "1.0.0", "description": "Long."},
    "security": [{"key": []}],
    "paths": {
        "/things": {
            "post": {
                "operationId": "makeThing",
                "parameters": [{"$ref": "#/components/parameters/Trace"}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}},
                        "application/zip": {"schema": {"type": "string", "format": "binary"}},
                    }
                },
                "responses": {"202": {"description": "Made."}, "422": {"description": "Not made."}},
            }
        },
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {"operationId": "readThing", "responses": {"200": {"description": "Read."}}},
        },
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}},
        "parameters": {"Trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string", "maxLength": 9}}},
        "schemas": {"Thing": {"type": "object", "required": ["type"]}},
    },
}
