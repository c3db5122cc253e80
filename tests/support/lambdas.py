"""Small Lambda functions for tests of the emulator."""

import io
import json
import textwrap
import zipfile
from typing import Any

from fluxa.local.emulator import Emulator


def a_function(emulator: Emulator, name: str, code: str, *, allow: list[dict[str, Any]] | None = None) -> None:
    """Create a Python function with the handler `handler` in `code`, and a role that may do what `allow` says."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = emulator.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy([trust]))["Role"]["Arn"]
    if allow:
        iam.put_role_policy(RoleName=name, PolicyName="allow", PolicyDocument=_policy(allow))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("code.py", "")
        files.writestr("function.py", textwrap.dedent(code))
    emulator.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="function.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=60,
    )


def invoke(emulator: Emulator, name: str, event: Any = None) -> Any:
    """Invoke it and return its answer."""
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
