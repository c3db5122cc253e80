"""What a function that creates one resource gets: the inputs, the services to create it in, and names that last."""

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from fluxa.local.emulator import Emulator
from fluxa.local.postgres import PostgresServer
from fluxa.local.provider.inputs import Inputs

SUFFIX_LENGTH = 7
"""Pulumi's own names end in as many random characters; ours are a hash, so that a restart finds what it made before."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The services of one local platform, shared by all resources of a deployment."""

    emulator: Emulator
    postgres: PostgresServer
    state_dir: Path
    """Where secrets that outlive a deployment are kept; nobody else may read it."""
    default_tags: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Tags of each explicit provider, by its URN."""
    database_lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One resource to be created."""

    urn: str
    type: str
    name: str
    """Logical name."""
    provider: str
    """Reference (`urn::id`) of the explicit provider; empty without one."""
    inputs: Inputs
    echo: Mapping[str, Any] = field(repr=False)
    """All inputs as they came: a provider returns them among its outputs."""
    platform: Platform

    def client(self, service: str) -> Any:
        """Return the emulator's boto3 client for a service."""
        return self.platform.emulator.client(service)

    @property
    def suffix(self) -> str:
        """A few characters that are always the same for this resource, and no other's."""
        return hashlib.sha256(self.urn.encode()).hexdigest()[:SUFFIX_LENGTH]

    def physical_name(self, *, longest: int, input_name: str = "name") -> str:
        """Return the name the program chose, or the one Pulumi would make, with a suffix that never changes.

        Raises:
            ValueError: the name is longer than AWS takes.
        """
        chosen = self.inputs.get(input_name)
        name = str(chosen) if chosen else f"{self.name}-{self.suffix}"
        if len(name) > longest:
            raise ValueError(f"{self.type} {self.name!r}: the name {name!r} is longer than {longest} characters")
        return name

    def tags(self) -> dict[str, str]:
        """Return the resource's tags over those its provider gives to everything."""
        defaults = self.platform.default_tags.get(self.provider.rpartition("::")[0], {})
        return {**defaults, **(self.inputs.get("tags") or {})}

    def tag_list(self) -> list[dict[str, str]]:
        """Return the tags in the form most services want."""
        return [{"Key": key, "Value": value} for key, value in sorted(self.tags().items())]

    def arn(self, service: str, resource: str, *, regional: bool = True, with_account: bool = True) -> str:
        """Spell an ARN in the emulator's account."""
        emulator = self.platform.emulator
        region = emulator.region if regional else ""
        return f"arn:aws:{service}:{region}:{emulator.account_id if with_account else ''}:{resource}"


def existing(call: Callable[[], Any], *codes: str) -> bool:
    """Make a call that creates something; say whether AWS answered that it exists already.

    Args:
        call: What creates it.
        codes: The error codes that mean "exists".
    """
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] in codes:
            return True
        raise
    return False


def document(value: Any) -> str:
    """Return a policy as text, whether the program wrote text or an object."""
    return value if isinstance(value, str) else json.dumps(value)
