"""FunctionUnit: one Lambda function with its role, its log group and exactly the permissions it was offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import iam, lambda_

from components.function_permissions import own_statements
from components.naming import FUNCTION_NAME_LENGTH
from components.network import FunctionPlacement
from components.platform import StackPlatform
from components.policy import PolicyStatement, policy_json, trust_json
from functions.common.names import Service

LAMBDA_PRINCIPAL = "lambda.amazonaws.com"

_LIVE = "live"
"""The alias that everything calls. It moves from one version to the next at once, when all of a version is there."""


@dataclass(frozen=True, kw_only=True)
class FunctionUnitArgs:
    """What one function depends on."""

    service: Service
    platform: StackPlatform
    memory_mb: int
    timeout_seconds: int
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Names and sizes only: whoever may describe a function can read its environment."""
    statements: Sequence[PolicyStatement] = ()
    placement: FunctionPlacement | None = None
    """Inside the network, or outside of it when none."""
    reserved_concurrency: int | None = None
    """Invocations at one time, set aside for this function; none shares the account's."""
    provisioned_concurrency: int = 0
    """Environments kept warm."""
    after: Sequence[pulumi.Resource] = ()
    """What must be done before this version of the code runs, e.g. the migrations it expects."""

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_seconds <= 900:  # noqa: PLR2004 - Lambda's limit, named in the message
            raise ValueError(f"timeout_seconds must be 1..900, got {self.timeout_seconds}")
        if taken := set(self.environment) & set(self.platform.environment()):
            raise ValueError(f"every function has these environment keys already: {sorted(taken)}")


class FunctionUnit(pulumi.ComponentResource):
    """One Lambda function, called by its alias. It is ready to run when `ready` exists.

    Every deployment that changes it publishes a version, and Lambda keeps the old ones, so that the alias can be sent
    back to one by hand; they count towards the 75 GB of code that an account may have in a region.
    """

    service: str
    """Which function it is: `ingest`, `processor`, …"""
    name: pulumi.Output[str]
    """The physical name."""
    arn: pulumi.Output[str]
    qualifier: pulumi.Output[str]
    """The alias's name: whoever calls or permits by `name` says this as well."""
    alias_arn: pulumi.Output[str]
    """What callers name."""
    invoke_arn: pulumi.Output[str]
    """What API Gateway calls: the alias."""
    timeout_seconds: int
    ready: list[pulumi.Resource]
    """What must exist before anything invokes the function."""

    def __init__(self, name: str, args: FunctionUnitArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:function_unit:FunctionUnit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # A fixed name, because people look for logs under /aws/lambda/<function>, and the group has to come first.
        self._physical_name = args.platform.naming.physical(args.service.value, max_length=FUNCTION_NAME_LENGTH)
        # Made before the function, which may not make one itself: Lambda's own would keep everything for ever, and
        # a late line would bring it back after `pulumi destroy`.
        self._logs = args.platform.logs.group(f"{name}-logs", f"/aws/lambda/{self._physical_name}", child)
        self._role = iam.Role(
            f"{name}-role",
            description=f"What the {args.service.value} function of {args.platform.naming.stack} may do",
            assume_role_policy=trust_json(LAMBDA_PRINCIPAL),
            opts=child,
        )
        policy = iam.RolePolicy(
            f"{name}-policy",
            role=self._role.id,
            policy=policy_json([*args.statements, *own_statements(args.platform, self._logs, args.placement)]),
            opts=child,
        )
        self._function = self._create_function(name, args, policy)
        self._alias = self._create_alias(name, args.provisioned_concurrency)
        self.service, self.timeout_seconds = args.service.value, args.timeout_seconds
        self.name, self.arn = self._function.name, self._function.arn
        self.qualifier, self.alias_arn = self._alias.name, self._alias.arn
        self.invoke_arn = self._alias.invoke_arn
        self.ready = [self._function, self._alias, policy]
        self.register_outputs(
            {
                "name": self.name,
                "arn": self.arn,
                "qualifier": self.qualifier,
                "alias_arn": self.alias_arn,
                "invoke_arn": self.invoke_arn,
            }
        )

    def invoke_statement(self) -> PolicyStatement:
        """Offer invoking the function, by its alias."""
        return PolicyStatement(actions=("lambda:InvokeFunction",), resources=(self.alias_arn,))

    def _create_function(self, name: str, args: FunctionUnitArgs, policy: iam.RolePolicy) -> lambda_.Function:
        platform, placement = args.platform, args.placement
        key = platform.key_for(platform.functions.environment_encryption)
        return lambda_.Function(
            f"{name}-function",
            name=self._physical_name,
            description=f"Fluxa's {args.service.value} function",
            role=self._role.arn,
            runtime=platform.runtime(),
            architectures=[platform.lambda_architecture()],
            handler=f"functions.{args.service.value}.handler.handler",
            code=platform.bundles.archive(args.service.value),
            code_signing_config_arn=platform.functions.code_signing_config_arn,
            # The alias needs a version to point at.
            publish=True,
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            reserved_concurrent_executions=args.reserved_concurrency,
            environment={"variables": {**platform.environment(), **args.environment}},
            kms_key_arn=None if key is None else key.arn,
            # Said in both cases: left out, a function that was traced before would go on being traced.
            tracing_config={"mode": "Active" if platform.tracing else "PassThrough"},
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

    def _create_alias(self, name: str, provisioned_concurrency: int) -> lambda_.Alias:
        alias = lambda_.Alias(
            f"{name}-live",
            name=_LIVE,
            description="The version that is called",
            function_name=self._function.name,
            function_version=self._function.version,
            # Its name is fixed.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        if provisioned_concurrency:
            lambda_.ProvisionedConcurrencyConfig(
                f"{name}-warm",
                function_name=self._function.name,
                qualifier=alias.name,
                provisioned_concurrent_executions=provisioned_concurrency,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return alias
