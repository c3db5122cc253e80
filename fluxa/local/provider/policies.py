"""Resource policies, as far as they can hold on this machine."""

import json
from typing import Any


def without_tls_rule(policy: str) -> str:
    """Leave out the statements that deny requests without TLS: the emulator speaks plain HTTP on loopback.

    The emulator enforces them, so with them nothing could use the resource. Empty when no statement is left.
    """
    document = json.loads(policy)
    statements = document.get("Statement") or []
    kept = [item for item in (statements if isinstance(statements, list) else [statements]) if not _is_tls_rule(item)]
    return json.dumps({**document, "Statement": kept}) if kept else ""


def _is_tls_rule(statement: dict[str, Any]) -> bool:
    if statement.get("Effect") != "Deny":
        return False
    conditions: dict[str, dict[str, Any]] = statement.get("Condition") or {}
    keys = {key.lower() for operator in conditions.values() for key in operator}
    return keys <= {"aws:securetransport", "s3:tlsversion"} and bool(keys)


_BATCH_COVERED_BY = {
    "sqs:ChangeMessageVisibility": "sqs:ChangeMessageVisibilityBatch",
    "sqs:DeleteMessage": "sqs:DeleteMessageBatch",
    "sqs:SendMessage": "sqs:SendMessageBatch",
}
"""On AWS one permission covers a call and its batch form; the emulator asks for each by its own name.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
"""


def with_batch_actions(policy: str) -> str:
    """Return the policy with the batch form beside every SQS action that covers it."""
    document = json.loads(policy)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action")
        if actions is not None:
            listed = [actions] if isinstance(actions, str) else list(actions)
            statement["Action"] = listed + [_BATCH_COVERED_BY[item] for item in listed if item in _BATCH_COVERED_BY]
    return json.dumps(document)
