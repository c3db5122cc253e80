"""AccessLogs: one JSON line for each request the API took, and what API Gateway itself has to complain of."""

import json
from dataclasses import dataclass

import pulumi
from pulumi_aws import apigateway, iam

from components.log_groups import LogKeeping
from components.naming import Naming
from components.policy import PolicyStatement, policy_json, trust_json

ACCESS_LOG_FORMAT = json.dumps(
    {
        "request_id": "$context.requestId",
        "extended_request_id": "$context.extendedRequestId",
        "requested_at": "$context.requestTimeEpoch",
        "ip": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "resource_path": "$context.resourcePath",
        "status": "$context.status",
        "error_type": "$context.error.responseType",
        "response_bytes": "$context.responseLength",
        "response_latency_ms": "$context.responseLatency",
        "integration_latency_ms": "$context.integrationLatency",
        "integration_error": "$context.integrationErrorMessage",
        "api_key_id": "$context.identity.apiKeyId",
        "caller_arn": "$context.identity.userArn",
        "xray_trace_id": "$context.xrayTraceId",
    }
)
"""The resource's path rather than the request's: that one holds ids. Never the key itself. What a stack has no use for,
such as the trace without tracing, is a hyphen."""

_WRITE_LOGS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
)
"""What API Gateway insists on before it takes a role.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""


@dataclass(frozen=True, kw_only=True)
class AccessLogsArgs:
    """What the logs depend on."""

    naming: Naming
    api_id: pulumi.Input[str]
    stage_name: str
    logs: LogKeeping
    manage_role: bool


class AccessLogs(pulumi.ComponentResource):
    """The API's log groups and, where this stack manages it, the role by which API Gateway writes to them."""

    destination_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:access_logs:AccessLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = args.logs.group(f"{name}-access", args.naming.log_group("api"), child)
        # API Gateway chooses this name; made first, it forgets in time.
        chosen_by_gateway = pulumi.Output.concat("API-Gateway-Execution-Logs_", args.api_id, "/", args.stage_name)
        args.logs.group(f"{name}-execution", chosen_by_gateway, child)
        if args.manage_role:
            _set_account_role(name, self)
        self.destination_arn = group.arn
        self.register_outputs({"destination_arn": self.destination_arn})

    def stage_settings(self) -> apigateway.StageAccessLogSettingsArgs:
        """Offer what a stage is told."""
        return apigateway.StageAccessLogSettingsArgs(destination_arn=self.destination_arn, format=ACCESS_LOG_FORMAT)


def _set_account_role(name: str, parent: pulumi.Resource) -> None:
    # The setting is one for account and region, so every other API there comes to use this role: it outlives the stack.
    keep = pulumi.ResourceOptions(parent=parent, retain_on_delete=True)
    role = iam.Role(
        f"{name}-role",
        description="Lets API Gateway write logs, for all APIs of this account and region",
        assume_role_policy=trust_json("apigateway.amazonaws.com"),
        opts=keep,
    )
    policy = iam.RolePolicy(
        f"{name}-policy",
        role=role.id,
        policy=policy_json(
            [
                PolicyStatement(
                    actions=_WRITE_LOGS,
                    resources=("*",),
                    reason="API Gateway makes up log group names for every API, and refuses a narrower role.",
                )
            ]
        ),
        opts=keep,
    )
    apigateway.Account(
        f"{name}-account",
        cloudwatch_role_arn=role.arn,
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True, depends_on=[policy]),
    )
