"""What RDS's agent inside an instance may do: write what the operating system says, once a minute."""

import pulumi
from pulumi_aws import iam

from components.account import Account
from components.policy import PolicyStatement, policy_json, trust_json

MONITORING_INTERVAL_SECONDS = 60
"""The longest RDS takes, and as fine as CloudWatch's own metrics are."""

_LOG_GROUP = "RDSOSMetrics"
"""One for all instances of an account and region, whoever made them: this stack must neither make nor remove it."""
_MAKE_GROUP = ("logs:CreateLogGroup", "logs:PutRetentionPolicy")
_WRITE = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:GetLogEvents")
"""What AWS's own policy for it allows, which allows it for every log group whose name begins with `RDS`.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html
"""


def create_monitoring_role(
    name: str, account: Account, opts: pulumi.ResourceOptions
) -> tuple[iam.Role, iam.RolePolicy]:
    """Return the role that instances are given, and the policy that must be there first."""
    role = iam.Role(
        f"{name}-monitoring-role",
        description="Lets RDS write what an instance's operating system says",
        assume_role_policy=trust_json("monitoring.rds.amazonaws.com", account_id=account.account_id),
        opts=opts,
    )
    group = pulumi.Output.concat("arn:aws:logs:", account.region, ":", account.account_id, f":log-group:{_LOG_GROUP}")
    policy = iam.RolePolicy(
        f"{name}-monitoring-policy",
        role=role.id,
        policy=policy_json(
            [
                # CloudWatch checks the group's own actions against either form of its ARN.
                PolicyStatement(actions=_MAKE_GROUP, resources=(group, pulumi.Output.concat(group, ":*"))),
                PolicyStatement(actions=_WRITE, resources=(pulumi.Output.concat(group, ":log-stream:*"),)),
            ]
        ),
        opts=opts,
    )
    return role, policy
