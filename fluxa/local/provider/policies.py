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
