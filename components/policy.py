"""PolicyStatement: a frozen value by which the owner of a resource offers exactly what others may do with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pulumi

_VERSION = "2012-10-17"
"""The current version of IAM's policy language; not a date of ours."""


@dataclass(frozen=True, kw_only=True)
class PolicyStatement:
    """One statement of a policy document."""

    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    reason: str | None = None
    """Why `*` is the only resource that works, where it is."""
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Only in policies of resources, e.g. `{"Service": "lambda.amazonaws.com"}`."""
    conditions: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.actions or not self.resources:
            raise ValueError("a policy statement needs at least one action and one resource")
        if self.effect == "Deny":
            return
        if wide := [action for action in self.actions if "*" in action or ":" not in action]:
            raise ValueError(f"actions are written out, one by one, got {wide}")
        if "*" in self.resources and not self.reason:
            raise ValueError(f"{', '.join(self.actions)}: resource `*` needs a reason")

    def within_account(self, account_id: pulumi.Input[str]) -> "PolicyStatement":
        """Return the statement for a VPC endpoint's policy: for whoever has the permission in this account."""
        account = {"StringEquals": {"aws:PrincipalAccount": account_id}}
        return replace(self, principals={"AWS": "*"}, conditions={**self.conditions, **account})


def policy_json(statements: Iterable[PolicyStatement]) -> pulumi.Output[str]:
    """Return the policy document."""
    return pulumi.Output.json_dumps({"Version": _VERSION, "Statement": [_as_dict(item) for item in statements]})


def trust_json(service: str, *, account_id: pulumi.Input[str] | None = None) -> pulumi.Output[str]:
    """Return the trust policy of a role that one AWS service takes on.

    Args:
        service: E.g. `lambda.amazonaws.com`.
        account_id: The only account on whose behalf the service may do so. Lambda itself sends no such condition.
    """
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    if account_id is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return pulumi.Output.json_dumps({"Version": _VERSION, "Statement": [statement]})


def tls_only(actions: str, *resources: pulumi.Input[str]) -> PolicyStatement:
    """Return the statement that refuses every call which is not encrypted in transit."""
    return PolicyStatement(
        effect="Deny",
        actions=(actions,),
        resources=resources,
        principals={"AWS": "*"},
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def _as_dict(statement: PolicyStatement) -> dict[str, Any]:
    document: dict[str, Any] = {"Effect": statement.effect}
    if statement.principals:
        document["Principal"] = dict(statement.principals)
    document |= {"Action": list(statement.actions), "Resource": list(statement.resources)}
    if statement.conditions:
        document["Condition"] = {operator: dict(keys) for operator, keys in statement.conditions.items()}
    return document
