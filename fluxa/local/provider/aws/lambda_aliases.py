"""Lambda's aliases and what is said of them: which version answers, how many wait warm, what becomes of failures."""

from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.aws.lambda_ import invoke_arn
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing


@resource(
    "aws:lambda/alias:Alias",
    # Two versions never share traffic here: every start publishes one, and the emulator would ignore the weights.
    ignored={"routingConfig": "a start deploys one version"},
)
def alias(request: Request) -> Created:
    """Point an alias at a version; one from an earlier run now points at this one."""
    client = request.client("lambda")
    name = request.physical_name(longest=128)
    definition = {
        "FunctionName": _name_of(request.inputs.require("functionName")),
        "Name": name,
        "FunctionVersion": request.inputs.require("functionVersion"),
        **request.inputs.renamed({"description": "Description"}),
    }
    if existing(lambda: client.create_alias(**definition), "ResourceConflictException"):
        client.update_alias(**definition)
    arn = client.get_alias(FunctionName=definition["FunctionName"], Name=name)["AliasArn"]
    return Created(id=arn, outputs={"name": name, "arn": arn, "invokeArn": invoke_arn(request, arn)})


@resource(
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
    ignored={"skipDestroy": "nothing is destroyed"},
)
def provisioned_concurrency(request: Request) -> Created:
    """Record how many environments are to be kept warm; the emulator starts each when it is needed."""
    name, qualifier = _name_of(request.inputs.require("functionName")), request.inputs.require("qualifier")
    request.client("lambda").put_provisioned_concurrency_config(
        FunctionName=name,
        Qualifier=qualifier,
        ProvisionedConcurrentExecutions=request.inputs.require("provisionedConcurrentExecutions"),
    )
    return Created(id=f"{name},{qualifier}")


@resource("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
def event_invoke_config(request: Request) -> Created:
    """Say how often an asynchronous invocation is tried, and where it goes when all attempts failed."""
    name = _name_of(request.inputs.require("functionName"))
    qualifier = request.inputs.renamed({"qualifier": "Qualifier"})
    request.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        **qualifier,
        **request.inputs.renamed(
            {
                "maximumEventAgeInSeconds": "MaximumEventAgeInSeconds",
                "maximumRetryAttempts": "MaximumRetryAttempts",
            }
        ),
        **_destinations(request),
    )
    return Created(id=":".join([name, *qualifier.values()]))


def _destinations(request: Request) -> dict[str, Any]:
    config = request.inputs.section("destinationConfig")
    chosen = {
        theirs: config.section(ours).renamed({"destination": "Destination"})
        for ours, theirs in (("onFailure", "OnFailure"), ("onSuccess", "OnSuccess"))
    }
    return {"DestinationConfig": {key: value for key, value in chosen.items() if value}} if config else {}


def _name_of(function: str) -> str:
    """Return the function's name, which may be given as its ARN."""
    return function.split(":")[6] if function.startswith("arn:") else function
