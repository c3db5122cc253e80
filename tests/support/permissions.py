"""What the roles of a running platform allow, and what was asked of AWS under them."""

import fnmatch
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fluxa.local.calls import Call, read_calls
from fluxa.local.platform import LocalPlatform


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One action that a function's role allows on one resource."""

    function: str
    """E.g. `ingest`."""
    action: str
    resource: str
    via: str = ""
    """The service that the action is granted through alone, e.g. `s3`: what the stack's key is granted by."""

    def covers(self, call: Call) -> bool:
        return self.action == call.action and fnmatch.fnmatchcase(call.resource, self.resource)

    def __str__(self) -> str:
        return f"{self.function}: {self.action} on {self.resource}"


def grants(platform: LocalPlatform) -> list[Grant]:
    """Return everything that the roles of all functions allow, as deployed."""
    return [
        Grant(function=function, action=_as_iam_knows_it(action), resource=resource, via=_via(statement))
        for function, role in roles(platform).items()
        for statement in _statements(platform, role)
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


def calls(platform: LocalPlatform) -> dict[str, list[Call]]:
    """Return every call that was recorded, by function, under the names that IAM knows."""
    seen = read_calls(platform.state_dir)
    return {
        function: [
            Call(role=role, action=_as_iam_knows_it(call.action), resource=call.resource, allowed=call.allowed)
            for call in seen
            if call.role == role
        ]
        for function, role in roles(platform).items()
    }


def roles(platform: LocalPlatform) -> dict[str, str]:
    """Return the name of each function's role."""
    client = platform.emulator.client("lambda")
    return {
        function: client.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
        for function, name in platform.outputs.functions.items()
    }


def _statements(platform: LocalPlatform, role: str) -> Sequence[dict[str, Any]]:
    iam = platform.emulator.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    assert [] == iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], f"{role} has managed policies"
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    parsed = [json.loads(document) if isinstance(document, str) else document for document in documents]
    return [statement for document in parsed for statement in document["Statement"]]


def _via(statement: dict[str, Any]) -> str:
    condition = statement.get("Condition", {}).get("StringEquals", {})
    return str(condition.get("kms:ViaService", "")).partition(".")[0]


def _as_iam_knows_it(action: str) -> str:
    """Return the action that covers a batch call too: only the emulator knows one of its own."""
    return action.removesuffix("Batch") if action.startswith("sqs:") else action
