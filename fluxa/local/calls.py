"""What functions asked of AWS while a platform ran that recorded it: the evidence for what their roles must allow.

The emulator is asked, not the code: a call counts when it has arrived, under the name that IAM knows it by.
"""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Call:
    """One decision about one request."""

    role: str
    """The role's name."""
    action: str
    """E.g. `sqs:SendMessage`."""
    resource: str
    """ARN of what was asked for, or `*` where the service has none."""
    allowed: bool


def file_of(state_dir: Path) -> Path:
    """Return where a recording emulator writes."""
    return state_dir / "emulator" / "calls.jsonl"


def read_calls(state_dir: Path) -> set[Call]:
    """Return every different call that was made so far."""
    path = file_of(state_dir)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {_call(json.loads(line)) for line in lines}


def _call(line: dict[str, str | bool]) -> Call:
    # arn:aws:sts::<account>:assumed-role/<role>/<session>
    role = str(line["principal"]).split("/")[1]
    return Call(role=role, action=str(line["action"]), resource=str(line["resource"]), allowed=line["allowed"] is True)
