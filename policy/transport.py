"""Whether a resource policy refuses everything that does not come over TLS; the same question for every service."""

from collections.abc import Iterable, Mapping
from typing import Any

from policy.model import Resource, Stack, listed


def refuses_plain_text(statements: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of the statements denies anybody anything without TLS."""
    return any(
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
        for statement in statements
    )


def missing_tls_policy(resource: Resource, stack: Stack, policy_type: str, key: str) -> list[str]:
    """Say so when no policy of this resource refuses plain text."""
    policies = stack.leading_to(resource, policy_type, key)
    if any(refuses_plain_text(policy.statements()) for policy in policies):
        return []
    resource_type = policy_type.rpartition(":")[2]
    return [f"accepts requests without TLS: give it a {resource_type} that denies aws:SecureTransport = false"]


def actions(statement: Mapping[str, Any]) -> list[str]:
    """Return the actions that a statement is about."""
    return [str(action) for action in listed(statement.get("Action"))]


def allowing(statements: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the statements that allow something."""
    return [statement for statement in statements if statement.get("Effect") == "Allow"]
