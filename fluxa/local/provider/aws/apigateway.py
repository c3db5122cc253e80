"""API Gateway (REST): the API from its OpenAPI body, its stage, its keys and their plan."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider import openapi
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document, existing

LONGEST_NAME = 1024

API_ID_LENGTH = 10
"""As long as AWS's own."""

KEY_BYTES = 30

_METHOD_SETTINGS = {
    "cacheDataEncrypted": "caching/dataEncrypted",
    "cacheTtlInSeconds": "caching/ttlInSeconds",
    "cachingEnabled": "caching/enabled",
    "dataTraceEnabled": "logging/dataTrace",
    "loggingLevel": "logging/loglevel",
    "metricsEnabled": "metrics/enabled",
    "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
    "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
}
"""https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html"""


@resource(
    "aws:apigateway/restApi:RestApi",
    ignored={
        "disableExecuteApiEndpoint": "the platform is called by this address, also where an API has a name of its own",
        "endpointAccessMode": "the emulator has one endpoint",
        "failOnWarnings": "what cannot be mapped fails anyway",
        "putRestApiMode": "the API is made anew from its document",
        "securityPolicy": "the emulator speaks plain HTTP on loopback",
    },
)
def rest_api(request: Request) -> Created:
    """Make the API with everything its OpenAPI document says, under an id that never changes."""
    client = request.client("apigateway")
    body = json.loads(request.inputs.get("body") or "{}")
    api_id = hashlib.sha256(request.urn.encode()).hexdigest()[:API_ID_LENGTH]
    endpoint = request.inputs.section("endpointConfiguration")
    types, endpoints = endpoint.get("types"), endpoint.get("vpcEndpointIds")
    configuration = {"types": [types] if isinstance(types, str) else types, "vpcEndpointIds": endpoints}
    definition = {
        "name": request.physical_name(longest=LONGEST_NAME),
        # A tag of the emulator's own: it makes the API's address the same after every restart.
        "tags": {**request.tags(), "ms-custom-id": api_id},
        **openapi.api_settings(body),
        **request.inputs.renamed(
            {
                "apiKeySource": "apiKeySource",
                "binaryMediaTypes": "binaryMediaTypes",
                "description": "description",
                "policy": "policy",
            }
        ),
        **({"endpointConfiguration": {k: v for k, v in configuration.items() if v}} if types else {}),
    }
    compression = request.inputs.get("minimumCompressionSize")
    if compression is not None and int(compression) >= 0:
        definition["minimumCompressionSize"] = int(compression)
    if existing(lambda: client.create_rest_api(**definition), "ConflictException"):
        client.delete_rest_api(restApiId=api_id)
        client.create_rest_api(**definition)
    root_id = openapi.expand(client, api_id, body)
    return Created(
        id=api_id,
        outputs={
            "name": definition["name"],
            "arn": request.arn("apigateway", f"/restapis/{api_id}", with_account=False),
            "executionArn": request.arn("execute-api", api_id),
            "rootResourceId": root_id,
            "tagsAll": request.tags(),
        },
    )


@resource(
    "aws:apigateway/deployment:Deployment",
    ignored={"triggers": "the API is made anew at every start, and so is its deployment"},
)
def deployment(request: Request) -> Created:
    """Take a snapshot of the API."""
    made = request.client("apigateway").create_deployment(
        restApiId=request.inputs.require("restApi"),
        **request.inputs.renamed({"description": "description", "variables": "variables"}),
    )
    return Created(id=made["id"])


@resource("aws:apigateway/stage:Stage")
def stage(request: Request) -> Created:
    """Serve a deployment under an address."""
    client = request.client("apigateway")
    api_id, name = request.inputs.require("restApi"), request.inputs.require("stageName")
    options = request.inputs.renamed(
        {
            "cacheClusterEnabled": "cacheClusterEnabled",
            "cacheClusterSize": "cacheClusterSize",
            "description": "description",
            "documentationVersion": "documentationVersion",
            "variables": "variables",
            "xrayTracingEnabled": "tracingEnabled",
        }
    )
    client.create_stage(
        restApiId=api_id,
        stageName=name,
        deploymentId=request.inputs.require("deployment"),
        tags=request.tags(),
        **options,
    )
    logs = request.inputs.section("accessLogSettings").renamed({"destinationArn": "destinationArn", "format": "format"})
    if logs:
        _patch_stage(client, api_id, name, {f"/accessLogSettings/{key}": value for key, value in logs.items()})
    endpoint = request.platform.emulator.endpoint_url
    return Created(
        id=f"ags-{api_id}-{name}",
        outputs={
            "arn": request.arn("apigateway", f"/restapis/{api_id}/stages/{name}", with_account=False),
            "executionArn": request.arn("execute-api", f"{api_id}/{name}"),
            "invokeUrl": f"{endpoint}/_aws/execute-api/{api_id}/{name}",
            "tagsAll": request.tags(),
        },
    )


@resource("aws:apigateway/methodSettings:MethodSettings")
def method_settings(request: Request) -> Created:
    """Throttle, log and cache the methods of a stage."""
    api_id, name = request.inputs.require("restApi"), request.inputs.require("stageName")
    path = request.inputs.require("methodPath")
    settings = request.inputs.section("settings").renamed({ours: ours for ours in _METHOD_SETTINGS})
    changes = {f"/{path}/{_METHOD_SETTINGS[key]}": value for key, value in settings.items()}
    _patch_stage(request.client("apigateway"), api_id, name, changes)
    return Created(id=f"{api_id}-{name}-{path}")


@resource(
    "aws:apigateway/account:Account",
    # The emulator has no such call, and no log of API Gateway's own.
    ignored={"cloudwatchRoleArn": "the emulator's API Gateway writes no log"},
)
def account(request: Request) -> Created:  # noqa: ARG001 - one shape
    """Acknowledge the role by which API Gateway would write logs for the whole account."""
    return Created(id="api-gateway-account")


@resource("aws:apigateway/apiKey:ApiKey")
def api_key(request: Request) -> Created:
    """Make a key; its value, unless the program sets one, is the same after every restart."""
    client = request.client("apigateway")
    name = request.physical_name(longest=LONGEST_NAME)
    value = request.inputs.get("value") or _kept_key(request)
    for found in client.get_api_keys(nameQuery=name)["items"]:
        if found["name"] == name:
            client.delete_api_key(apiKey=found["id"])
    options = request.inputs.renamed({"customerId": "customerId", "description": "description"})
    enabled = request.inputs.get("enabled", True)
    made = client.create_api_key(name=name, value=value, enabled=enabled, tags=request.tags(), **options)
    return Created(
        id=made["id"],
        outputs={
            "name": name,
            "value": value,
            "arn": request.arn("apigateway", f"/apikeys/{made['id']}", with_account=False),
            "tagsAll": request.tags(),
        },
    )


@resource("aws:apigateway/usagePlan:UsagePlan")
def usage_plan(request: Request) -> Created:
    """Say how much the keys of a plan may use."""
    throttle = {"burstLimit": "burstLimit", "rateLimit": "rateLimit"}
    stages = []
    for item in request.inputs.sections("apiStages"):
        methods = {method.require("path"): method.renamed(throttle) for method in item.sections("throttles")}
        stages.append(item.renamed({"apiId": "apiId", "stage": "stage"}) | ({"throttle": methods} if methods else {}))
    limits = request.inputs.section("throttleSettings").renamed(throttle)
    quota = request.inputs.section("quotaSettings").renamed({"limit": "limit", "offset": "offset", "period": "period"})
    made = request.client("apigateway").create_usage_plan(
        name=request.physical_name(longest=LONGEST_NAME),
        apiStages=stages,
        tags=request.tags(),
        **request.inputs.renamed({"description": "description"}),
        **({"throttle": limits} if limits else {}),
        **({"quota": quota} if quota else {}),
    )
    arn = request.arn("apigateway", f"/usageplans/{made['id']}", with_account=False)
    return Created(id=made["id"], outputs={"name": made["name"], "arn": arn, "tagsAll": request.tags()})


@resource("aws:apigateway/usagePlanKey:UsagePlanKey")
def usage_plan_key(request: Request) -> Created:
    """Put a key into a plan."""
    made = request.client("apigateway").create_usage_plan_key(
        usagePlanId=request.inputs.require("usagePlanId"),
        keyId=request.inputs.require("keyId"),
        keyType=request.inputs.require("keyType"),
    )
    return Created(id=made["id"], outputs={"name": made.get("name", ""), "value": made.get("value", "")})


def _patch_stage(client: Any, api_id: str, name: str, changes: Mapping[str, Any]) -> None:
    operations = [{"op": "replace", "path": path, "value": document(value)} for path, value in sorted(changes.items())]
    client.update_stage(restApiId=api_id, stageName=name, patchOperations=operations)


def _kept_key(request: Request) -> str:
    """Return the key's value from the last run, or make one that only this user may read."""
    folder = request.platform.state_dir / "api-keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path: Path = folder / request.suffix
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        value = secrets.token_urlsafe(KEY_BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(value)
        return value
