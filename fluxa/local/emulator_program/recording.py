"""Every decision about a role's call, written down: one JSON line each, for `fluxa.local.calls`."""

import json
from pathlib import Path
from typing import Any


def install(iam_evaluator: Any, account_id: Any, file: Path) -> None:
    """Let the emulator write down what it decides.

    Args:
        iam_evaluator: Its module that decides.
        account_id: Its function that says which account a request is for.
        file: Where to write.
    """
    decide = iam_evaluator.enforce

    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        refusal = decide(access_key_id, iam_action, service, region, resource_arn, service_context)
        principal = iam_evaluator.resolve_principal(access_key_id or "", account_id())
        # The account's root user deploys, and may do everything.
        if getattr(principal, "type", "") == "AssumedRole":
            line = {
                "principal": principal.arn,
                "action": iam_action,
                "resource": resource_arn,
                "allowed": refusal is None,
            }
            with file.open("a", encoding="utf-8") as lines:
                lines.write(f"{json.dumps(line)}\n")
        return refusal

    # Looked up in its module at each request.
    iam_evaluator.enforce = enforce
