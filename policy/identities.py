"""Roles: who may take them, and that what they allow has names."""

from collections.abc import Iterator

from policy.model import Resource, Stack, listed
from policy.rule import Rule
from policy.tokens import ROLE, ROLE_POLICY
from policy.transport import actions, allowing

UNNAMEABLE = {
    "Lambda's network interfaces": frozenset(
        {
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeSubnets",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        }
    ),
    "traces": frozenset({"xray:PutTraceSegments", "xray:PutTelemetryRecords"}),
    "metrics": frozenset({"cloudwatch:GetMetricData"}),
    "API Gateway's logs": frozenset(
        {
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
        }
    ),
}
"""Actions that AWS lets nobody restrict to a resource, or to none that is known beforehand; four kinds, no more."""

_ACTING_FOR_OTHERS = frozenset({"scheduler.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"})


def _trusts_one_service(role: Resource, _: Stack) -> Iterator[str]:
    for statement in role.statements("assumeRolePolicy"):
        principal = statement.get("Principal")
        services = listed(principal.get("Service")) if isinstance(principal, dict) else []
        if len(services) != 1 or set(principal or ()) != {"Service"}:
            yield f"may be taken by {principal}: name one service as Principal, a role for each"


def _is_taken_for_this_account(role: Resource, _: Stack) -> Iterator[str]:
    for statement in role.statements("assumeRolePolicy"):
        principal = statement.get("Principal")
        services = set(listed(principal.get("Service"))) if isinstance(principal, dict) else set()
        if services & _ACTING_FOR_OTHERS and "aws:SourceAccount" not in str(statement.get("Condition", "")):
            yield "may be used by the service on behalf of another account: add the condition aws:SourceAccount"


def _names_its_actions(policy: Resource, _: Stack) -> Iterator[str]:
    for statement in allowing(policy.statements()):
        wide = [action for action in actions(statement) if "*" in action]
        if wide or "NotAction" in statement:
            yield f"allows {', '.join(wide) or 'everything but a list'}: name each action"


def _names_its_resources(policy: Resource, _: Stack) -> Iterator[str]:
    for statement in allowing(policy.statements()):
        if "*" not in listed(statement.get("Resource")):
            continue
        if not any(set(actions(statement)) <= kind for kind in UNNAMEABLE.values()):
            yield f"allows {', '.join(actions(statement))} on everything: name the resources"


def _makes_no_log_groups(policy: Resource, stack: Stack) -> Iterator[str]:
    made = [statement for statement in allowing(policy.statements()) if "logs:CreateLogGroup" in actions(statement)]
    roles = stack.behind(policy, "role", ROLE)
    # API Gateway and RDS's monitoring have groups of their own, with names that no stack can choose.
    if made and any("lambda.amazonaws.com" in str(role.document("assumeRolePolicy")) for role in roles):
        yield "lets a function make log groups, which then have no retention: remove logs:CreateLogGroup"


RULES = (
    Rule(
        id="role-trusts-one-service",
        title="A role is for exactly one service",
        why="A role that two may take has the permissions of both.",
        types=frozenset({ROLE}),
        check=_trusts_one_service,
    ),
    Rule(
        id="role-for-this-account",
        title="A service that acts for many accounts may take a role only for this one",
        why="The service could otherwise be talked into using it for somebody else.",
        types=frozenset({ROLE}),
        check=_is_taken_for_this_account,
    ),
    Rule(
        id="policy-names-actions",
        title="Policies name every action they allow",
        why="A wildcard grows with every action that AWS invents.",
        types=frozenset({ROLE_POLICY}),
        check=_names_its_actions,
    ),
    Rule(
        id="policy-names-resources",
        title="Policies name the resources, except where AWS has no names for them",
        why="Permission for one queue must not be permission for all.",
        types=frozenset({ROLE_POLICY}),
        check=_names_its_resources,
    ),
    Rule(
        id="policy-no-log-groups",
        title="No function may make log groups",
        why="One late line after a destroy would bring the group back, without retention.",
        types=frozenset({ROLE_POLICY}),
        check=_makes_no_log_groups,
    ),
)
