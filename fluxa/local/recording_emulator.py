"""The emulator, writing down every decision about a role's call: one JSON line each, for `fluxa.local.calls`.

Runs in the emulator's own environment, so it imports nothing of this project.
"""

import json
import sys
from pathlib import Path
from typing import Any

from ministack import app  # type: ignore[import-not-found]  # it is not installed here
from ministack.core import iam_evaluator  # type: ignore[import-not-found]  # it is not installed here
from ministack.core.responses import get_account_id  # type: ignore[import-not-found]  # it is not installed here


def main(file: Path) -> None:
    """Run the emulator until it is stopped."""
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
        principal = iam_evaluator.resolve_principal(access_key_id or "", get_account_id())
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
    app.main()


if __name__ == "__main__":
    main(Path(sys.argv.pop()))
