"""Lambda: the functions, run by the emulator as processes with their own role's rights."""

import base64
import json
from typing import Any

from fluxa.errors import OperatorError
from fluxa.local.engine import Created
from fluxa.local.provider.archives import zipped
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing

LONGEST_NAME = 64

_LOG_TAIL_LINES = 15


class InvocationFailed(OperatorError):
    """A function that the deployment runs, such as the migrations, did not succeed."""


@resource(
    "aws:lambda/function:Function",
    ignored={
        "codeSigningConfigArn": "the code is this machine's own, and nobody has signed it",
        "codeSha256": "the code itself is deployed",
        "replaceSecurityGroupsOnDestroy": "nothing is destroyed",
        "replacementSecurityGroupIds": "nothing is destroyed",
        "skipDestroy": "nothing is destroyed",
        "sourceCodeHash": "the code itself is deployed",
        "useResourceTimeoutForPropagation": "the emulator is consistent at once",
    },
)
def function(request: Request) -> Created:
    """Create a function.

    The emulator calls it Pending for half a second, as AWS does for longer, but takes invocations meanwhile: waiting
    would only make every start slower.
    """
    client = request.client("lambda")
    name = request.physical_name(longest=LONGEST_NAME)
    concurrency = request.inputs.get("reservedConcurrentExecutions")
    definition = {
        "FunctionName": name,
        "Code": {"ZipFile": zipped(request.inputs.require("code"))},
        "Tags": request.tags(),
        **_plain_settings(request),
        **_nested_settings(request),
    }
    try:
        made = client.create_function(**definition)
    except client.exceptions.ResourceConflictException:
        client.delete_function(FunctionName=name)
        made = client.create_function(**definition)
    # -1 is how the provider for AWS spells "none reserved".
    if concurrency is not None and concurrency >= 0:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=concurrency)
    arn = made["FunctionArn"]
    return Created(
        id=name,
        outputs={
            "name": name,
            "arn": arn,
            "invokeArn": invoke_arn(request, arn),
            "qualifiedArn": f"{arn}:{made['Version']}",
            "qualifiedInvokeArn": invoke_arn(request, f"{arn}:{made['Version']}"),
            "version": made["Version"],
            "codeSha256": made["CodeSha256"],
            "sourceCodeHash": made["CodeSha256"],
            "lastModified": made["LastModified"],
            "tagsAll": request.tags(),
        },
    )


@resource(
    "aws:lambda/invocation:Invocation",
    ignored={
        "lifecycleScope": "a start deploys everything anew, so the function is invoked once",
        "terraformKey": "nothing is updated or destroyed",
        "triggers": "a start invokes the function whether or not anything changed",
    },
)
def invocation(request: Request) -> Created:
    """Invoke a function while deploying, and fail with its own words when it fails."""
    name = request.inputs.require("functionName")
    answer = request.client("lambda").invoke(
        FunctionName=name,
        Payload=request.inputs.require("input").encode(),
        LogType="Tail",
        **request.inputs.renamed({"qualifier": "Qualifier"}),
    )
    result = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        log = base64.b64decode(answer.get("LogResult") or "").decode(errors="replace")
        raise InvocationFailed(_failure(name, result, log))
    return Created(id=f"{name}-{request.suffix}", outputs={"result": result})


@resource(
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    ignored={
        "kmsKeyArn": "the filters that it would encrypt are in no store",
        "useResourceTimeoutForPropagation": "the emulator is consistent at once",
    },
)
def event_source_mapping(request: Request) -> Created:
    """Let a function take messages from a queue; a mapping of the same two from an earlier run is replaced."""
    client = request.client("lambda")
    source, name = request.inputs.require("eventSourceArn"), request.inputs.require("functionName")
    for found in client.list_event_source_mappings(EventSourceArn=source)["EventSourceMappings"]:
        if name in {found["FunctionArn"], found["FunctionArn"].rpartition(":")[2]}:
            client.delete_event_source_mapping(UUID=found["UUID"])
    options = request.inputs.renamed(
        {
            "batchSize": "BatchSize",
            "enabled": "Enabled",
            "functionResponseTypes": "FunctionResponseTypes",
            "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
        }
    )
    scaling = request.inputs.section("scalingConfig").renamed({"maximumConcurrency": "MaximumConcurrency"})
    filters = [
        item.renamed({"pattern": "Pattern"}) for item in request.inputs.section("filterCriteria").sections("filters")
    ]
    made = client.create_event_source_mapping(
        EventSourceArn=source,
        FunctionName=name,
        Tags=request.tags(),
        **options,
        **({"ScalingConfig": scaling} if scaling else {}),
        **({"FilterCriteria": {"Filters": filters}} if filters else {}),
    )
    return Created(
        id=made["UUID"],
        outputs={
            "uuid": made["UUID"],
            "arn": request.arn("lambda", f"event-source-mapping:{made['UUID']}"),
            "functionArn": made["FunctionArn"],
            "state": made["State"],
            "tagsAll": request.tags(),
        },
    )


@resource("aws:lambda/permission:Permission")
def permission(request: Request) -> Created:
    """Let a service invoke a function."""
    client = request.client("lambda")
    name = request.inputs.require("function")
    statement = request.inputs.get("statementId") or f"{request.name}-{request.suffix}"
    definition = {
        "FunctionName": name,
        "StatementId": statement,
        **request.inputs.renamed(
            {
                "action": "Action",
                "eventSourceToken": "EventSourceToken",
                "functionUrlAuthType": "FunctionUrlAuthType",
                "principal": "Principal",
                "principalOrgId": "PrincipalOrgID",
                "qualifier": "Qualifier",
                "sourceAccount": "SourceAccount",
                "sourceArn": "SourceArn",
            }
        ),
    }
    if existing(lambda: client.add_permission(**definition), "ResourceConflictException"):
        qualifier = {"Qualifier": definition["Qualifier"]} if "Qualifier" in definition else {}
        client.remove_permission(FunctionName=name, StatementId=statement, **qualifier)
        client.add_permission(**definition)
    return Created(id=statement, outputs={"statementId": statement})


def _plain_settings(request: Request) -> dict[str, Any]:
    return request.inputs.renamed(
        {
            "architectures": "Architectures",
            "description": "Description",
            "handler": "Handler",
            "kmsKeyArn": "KMSKeyArn",
            "layers": "Layers",
            "memorySize": "MemorySize",
            "packageType": "PackageType",
            "publish": "Publish",
            "role": "Role",
            "runtime": "Runtime",
            "timeout": "Timeout",
        }
    )


def _nested_settings(request: Request) -> dict[str, Any]:
    inputs = request.inputs
    settings = {
        "DeadLetterConfig": inputs.section("deadLetterConfig").renamed({"targetArn": "TargetArn"}),
        "Environment": inputs.section("environment").renamed({"variables": "Variables"}),
        "EphemeralStorage": inputs.section("ephemeralStorage").renamed({"size": "Size"}),
        "LoggingConfig": inputs.section("loggingConfig").renamed(
            {
                "applicationLogLevel": "ApplicationLogLevel",
                "logFormat": "LogFormat",
                "logGroup": "LogGroup",
                "systemLogLevel": "SystemLogLevel",
            }
        ),
        "TracingConfig": inputs.section("tracingConfig").renamed({"mode": "Mode"}),
        "VpcConfig": inputs.section("vpcConfig").renamed(
            {
                "ipv6AllowedForDualStack": "Ipv6AllowedForDualStack",
                "securityGroupIds": "SecurityGroupIds",
                "subnetIds": "SubnetIds",
            }
        ),
    }
    return {key: value for key, value in settings.items() if value}


def invoke_arn(request: Request, function_arn: str) -> str:
    """Spell the ARN by which API Gateway calls a function, or an alias of it."""
    region = request.platform.emulator.region
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"


def _failure(name: str, result: str, log: str) -> str:
    try:
        message = json.loads(result)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        message = result
    tail = "\n".join(f"  {line}" for line in log.strip().splitlines()[-_LOG_TAIL_LINES:])
    return f"The function {name} failed: {message}" + (f"\nIts last lines:\n{tail}" if tail else "")
