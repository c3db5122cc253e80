"""FlowLogs: one line for each connection made or refused in a network."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, iam

from components.platform import StackPlatform
from components.policy import PolicyStatement, policy_json, trust_json

_WRITE_LOGS = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """What the logs depend on."""

    vpc_id: pulumi.Output[str]
    platform: StackPlatform


class FlowLogs(pulumi.ComponentResource):
    """A flow log, its log group, and the role by which AWS writes to that group alone."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:network:FlowLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = args.platform.logs.group(f"{name}-lines", args.platform.naming.log_group("network"), child)
        role = iam.Role(
            f"{name}-role",
            description=f"Lets AWS write the flow logs of {args.platform.naming.stack}",
            assume_role_policy=trust_json("vpc-flow-logs.amazonaws.com", account_id=args.platform.account.account_id),
            opts=child,
        )
        policy = iam.RolePolicy(
            f"{name}-policy",
            role=role.id,
            policy=policy_json(
                [PolicyStatement(actions=_WRITE_LOGS, resources=(pulumi.Output.concat(group.arn, ":*"),))]
            ),
            opts=child,
        )
        ec2.FlowLog(
            f"{name}-log",
            vpc_id=args.vpc_id,
            # Refused connections show who tries; accepted ones show who did.
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.register_outputs({})
