"""What a function's role allows beside what others offered: its log, traces, environment and network interfaces."""

from collections.abc import Iterator

import pulumi
from pulumi_aws import cloudwatch

from components.network import FunctionPlacement
from components.platform import StackPlatform
from components.policy import PolicyStatement

_INTERFACE_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""


def own_statements(
    platform: StackPlatform, logs: cloudwatch.LogGroup, placement: FunctionPlacement | None
) -> Iterator[PolicyStatement]:
    """Yield what Lambda needs to run a function at all."""
    yield PolicyStatement(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"), resources=(pulumi.Output.concat(logs.arn, ":*"),)
    )
    if platform.tracing:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
        yield PolicyStatement(
            actions=("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
            resources=("*",),
            reason="X-Ray offers no resource to name: traces belong to the account.",
        )
    if key := platform.key_for(platform.functions.environment_encryption):
        yield key.read_statement("lambda")
    if placement is not None:
        yield from _interface_statements()


def _interface_statements() -> Iterator[PolicyStatement]:
    """Let Lambda, but not the function's own code, manage the interfaces by which it reaches the network."""
    yield PolicyStatement(
        actions=_INTERFACE_ACTIONS,
        resources=("*",),
        reason="EC2 offers no resource to name: the interfaces do not exist yet, and Describe actions take none.",
    )
    # Lambda names the function in calls that come from its code, and only in those.
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice
    yield PolicyStatement(
        effect="Deny",
        actions=_INTERFACE_ACTIONS,
        resources=("*",),
        conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
    )
