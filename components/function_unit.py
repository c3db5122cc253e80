"""FunctionUnit: one Lambda function with its role, its log group and exactly the permissions it was offered."""

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
from pulumi_aws import cloudwatch, iam, lambda_

from components.naming import FUNCTION_NAME_LENGTH, Naming
from components.network import FunctionPlacement
from components.policy import PolicyStatement, policy_json, trust_json
from components.settings import Architecture
from functions.common.names import Service

LAMBDA_PRINCIPAL = "lambda.amazonaws.com"

_INTERFACE_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""


class Bundles(Protocol):
    """Where functions' code comes from; `components.bundle.Bundler` is one."""

    def archive(self, function: str) -> pulumi.Archive: ...

    def digest(self, function: str) -> str: ...


@dataclass(frozen=True, kw_only=True)
class FunctionPlatform:
    """What all functions of a stack have in common."""

    naming: Naming
    bundles: Bundles
    python: str
    architecture: Architecture
    log_retention_days: int
    log_level: str
    fluxa_version: str
    settings_fingerprint: str

    def environment(self) -> dict[str, pulumi.Input[str]]:
        """Return what every function is told."""
        return {
            "STACK": self.naming.stack,
            "LOG_LEVEL": self.log_level,
            "FLUXA_VERSION": self.fluxa_version,
            "SETTINGS_FINGERPRINT": self.settings_fingerprint,
        }

    def runtime(self) -> str:
        """Return Lambda's name for the Python that the bundles are built for."""
        return f"python{_running_python() if self.architecture == 'host' else self.python}"

    def lambda_architecture(self) -> str:
        """Return Lambda's name for the processor that the bundles are built for."""
        if self.architecture != "host":
            return self.architecture
        return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


@dataclass(frozen=True, kw_only=True)
class FunctionUnitArgs:
    """What one function depends on."""

    service: Service
    platform: FunctionPlatform
    memory_mb: int
    timeout_seconds: int
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Names and sizes only: whoever may describe a function can read its environment."""
    statements: Sequence[PolicyStatement] = ()
    placement: FunctionPlacement | None = None
    """Inside the network, or outside of it when none."""
    reserved_concurrency: int | None = None
    after: Sequence[pulumi.Resource] = ()
    """What must be done before this version of the code runs, e.g. the migrations it expects."""

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_seconds <= 900:  # noqa: PLR2004 - Lambda's limit, named in the message
            raise ValueError(f"timeout_seconds must be 1..900, got {self.timeout_seconds}")
        if taken := set(self.environment) & set(self.platform.environment()):
            raise ValueError(f"every function has these environment keys already: {sorted(taken)}")


class FunctionUnit(pulumi.ComponentResource):
    """One Lambda function. It is ready to run when `ready` exists."""

    service: str
    """Which function it is: `ingest`, `processor`, …"""
    name: pulumi.Output[str]
    """The physical name."""
    arn: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]
    """What API Gateway calls."""
    ready: list[pulumi.Resource]
    """What must exist before anything invokes the function."""

    def __init__(self, name: str, args: FunctionUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:function_unit:FunctionUnit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # A fixed name, because people look for logs under /aws/lambda/<function>, and the group has to come first.
        self._physical_name = args.platform.naming.physical(args.service.value, max_length=FUNCTION_NAME_LENGTH)
        # Made before the function, which may not make one itself: Lambda's own would keep everything for ever, and
        # a late line would bring it back after `pulumi destroy`.
        self._logs = cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/lambda/{self._physical_name}",
            retention_in_days=args.platform.log_retention_days,
            opts=child,
        )
        self._role = iam.Role(
            f"{name}-role",
            description=f"What the {args.service.value} function of {args.platform.naming.stack} may do",
            assume_role_policy=trust_json(LAMBDA_PRINCIPAL),
            opts=child,
        )
        policy = iam.RolePolicy(
            f"{name}-policy",
            role=self._role.id,
            policy=policy_json([*args.statements, *self._own_statements(args.placement)]),
            opts=child,
        )
        self._function = self._create_function(name, args, policy)
        self.service = args.service.value
        self.name, self.arn = self._function.name, self._function.arn
        self.invoke_arn = self._function.invoke_arn
        self.ready = [self._function, policy]
        self.register_outputs({"name": self.name, "arn": self.arn, "invoke_arn": self.invoke_arn})

    def invoke_statement(self) -> PolicyStatement:
        """Offer invoking the function."""
        return PolicyStatement(actions=("lambda:InvokeFunction",), resources=(self.arn,))

    def _own_statements(self, placement: FunctionPlacement | None) -> list[PolicyStatement]:
        write_logs = PolicyStatement(
            actions=("logs:CreateLogStream", "logs:PutLogEvents"),
            resources=(pulumi.Output.concat(self._logs.arn, ":*"),),
        )
        return [write_logs] if placement is None else [write_logs, *_network_statements()]

    def _create_function(self, name: str, args: FunctionUnitArgs, policy: iam.RolePolicy) -> lambda_.Function:
        placement = args.placement
        return lambda_.Function(
            f"{name}-function",
            name=self._physical_name,
            description=f"Fluxa's {args.service.value} function",
            role=self._role.arn,
            runtime=args.platform.runtime(),
            architectures=[args.platform.lambda_architecture()],
            handler=f"functions.{args.service.value}.handler.handler",
            code=args.platform.bundles.archive(args.service.value),
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            reserved_concurrent_executions=args.reserved_concurrency,
            environment={"variables": {**args.platform.environment(), **args.environment}},
            # The functions write JSON lines themselves. Lambda's own JSON format would add a second level filter and
            # shape to them, and EMF lines, which must arrive as they are, would depend on its passing them through.
            logging_config={"log_format": "Text", "log_group": self._logs.name},
            vpc_config=None
            if placement is None
            else {"subnet_ids": list(placement.subnet_ids), "security_group_ids": [placement.security_group_id]},
            # Lambda keeps a deleted function's interfaces for up to 40 minutes, and a group in use cannot be deleted.
            replace_security_groups_on_destroy=None if placement is None else True,
            replacement_security_group_ids=None if placement is None else [placement.spare_security_group_id],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self._logs, policy, *args.after], delete_before_replace=True
            ),
        )


def _network_statements() -> list[PolicyStatement]:
    """Let Lambda, but not the function's own code, manage the interfaces by which it reaches the network."""
    return [
        PolicyStatement(
            actions=_INTERFACE_ACTIONS,
            resources=("*",),
            reason="EC2 offers no resource to name: the interfaces do not exist yet, and Describe actions take none.",
        ),
        # Lambda names the function in calls that come from its code, and only in those.
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice
        PolicyStatement(
            effect="Deny",
            actions=_INTERFACE_ACTIONS,
            resources=("*",),
            conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
        ),
    ]


def _running_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
