"""The stack that a command works on: one value, whether it runs on this machine or on AWS."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

from fluxa.errors import OperatorError
from fluxa.local.aws_clients import AwsClients
from fluxa.local.published import read_published

LOCAL_STACK = "local"
"""What `Pulumi.local.yaml` describes, and no Pulumi backend knows."""

_REQUIRED = ("api_url", "queue_url", "dead_letter_queue_url", "payload_bucket", "functions")
_REGION_IN_QUEUE_URL = re.compile(r"https://(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com")
_OUTPUTS_COMMAND = ("pulumi", "stack", "output", "--json", "--show-secrets")

PULUMI_TIMEOUT_SECONDS = 120.0
"""For the state's backend to answer; a passphrase that Pulumi would ask for is a case for `--outputs`."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a stack is reached, and with what."""

    name: str
    """What messages call it."""
    identity: str
    """What makes it this stack and no other, also when it was started again with other ports."""
    api_url: str
    api_key: str | None = field(repr=False)
    """None for a stack whose API asks for none."""
    queue_url: str
    dead_letter_queue_url: str
    payload_bucket: str
    functions: Mapping[str, str]
    """Each function's physical name, by what it does."""
    region: str | None = None
    """None leaves it to the operator's own AWS settings."""
    emulator: Mapping[str, str] | None = field(default=None, repr=False)
    """How the local platform's emulator is reached, as `AwsClients` takes it; None means AWS."""

    @classmethod
    def from_outputs(cls, name: str, outputs: Mapping[str, Any], *, identity: str | None = None) -> Self:
        """Read a stack's outputs.

        Raises:
            OperatorError: They are not those of a Fluxa stack.
        """
        missing = [key for key in _REQUIRED if not outputs.get(key)]
        if missing:
            raise OperatorError(
                f"The outputs of {name} lack {', '.join(missing)}: is it a Fluxa stack, and was it deployed to its end?"
            )
        emulator = None
        if outputs.get("aws_endpoint_url"):
            emulator = {
                "endpoint_url": outputs["aws_endpoint_url"],
                "region": outputs["region"],
                "access_key_id": outputs["access_key_id"],
                "secret_access_key": outputs["secret_access_key"],
            }
        return cls(
            name=name,
            identity=identity or str(outputs["api_url"]),
            api_url=str(outputs["api_url"]).rstrip("/"),
            api_key=outputs.get("api_key"),
            queue_url=outputs["queue_url"],
            dead_letter_queue_url=outputs["dead_letter_queue_url"],
            payload_bucket=outputs["payload_bucket"],
            functions=dict(outputs["functions"]),
            region=outputs.get("region") or _region_of(outputs["queue_url"]),
            emulator=emulator,
        )

    def client(self, service: str) -> Any:
        """Make a boto3 client: of the emulator, or with the operator's own AWS settings."""
        if self.emulator is not None:
            return AwsClients(**self.emulator).get(service)
        config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})
        return boto3.Session(region_name=self.region).client(service, config=config)  # type: ignore[call-overload]  # any service by name


def find_target(*, stack: str | None, outputs: Path | None, state_dir: Path, project_dir: Path) -> Target:
    """Return the stack that was named, or the platform that runs on this machine.

    Raises:
        OperatorError: There is none, or its outputs cannot be read.
    """
    if outputs is not None:
        return Target.from_outputs(f"{outputs}", _read(outputs))
    if stack is not None and stack != LOCAL_STACK:
        return Target.from_outputs(f"the stack {stack}", _ask_pulumi(stack, project_dir))
    try:
        state_dir = state_dir.resolve()
        published = read_published(state_dir)
    except OperatorError as error:
        raise OperatorError(
            f"{error} For a stack on AWS name it with --stack, or its outputs with --outputs."
        ) from None
    return Target.from_outputs("the local platform", published, identity=str(state_dir))


def _read(path: Path) -> dict[str, Any]:
    try:
        return _as_outputs(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        wanted = "pulumi stack output --json --show-secrets -s STACK"
        raise OperatorError(f"{path} is not a JSON object of outputs: write it with `{wanted}`.") from None


def _ask_pulumi(stack: str, project_dir: Path) -> dict[str, Any]:
    try:
        done = subprocess.run(
            (*_OUTPUTS_COMMAND, "--non-interactive", "-s", stack),
            cwd=project_dir,
            capture_output=True,
            text=True,
            check=False,
            timeout=PULUMI_TIMEOUT_SECONDS,
        )
    except OSError:
        raise OperatorError(
            "The Pulumi CLI is not installed, so the stack's outputs cannot be asked for: install it, "
            "or name a file that holds them with --outputs."
        ) from None
    except subprocess.TimeoutExpired:
        raise OperatorError(
            f"Pulumi did not tell the outputs of {stack} within {PULUMI_TIMEOUT_SECONDS:.0f} s: "
            f"try `pulumi stack output -s {stack}`."
        ) from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise OperatorError(f"Pulumi cannot tell the outputs of the stack {stack}: {said[-1].removeprefix('error: ')}")
    try:
        return _as_outputs(done.stdout)
    except ValueError:
        raise OperatorError(f"Pulumi answered with something else than the outputs of {stack}.") from None


def _as_outputs(text: str) -> dict[str, Any]:
    outputs = json.loads(text)
    if not isinstance(outputs, dict):
        raise ValueError("outputs are a JSON object")  # noqa: TRY004 - to the caller it is one kind of wrong text
    return outputs


def _region_of(queue_url: str) -> str | None:
    found = _REGION_IN_QUEUE_URL.match(queue_url)
    return (found[1] or found[2]) if found else None
