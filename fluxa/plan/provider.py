"""Answers the program as a preview would, without a cloud: inputs are known, everything AWS would compute is not."""

from collections.abc import Callable, Mapping
from typing import Any

from fluxa.local.engine import Created, ResourceRequest

ACCOUNT_ID = "123456789012"
"""The account every plan pretends to be in; AWS uses this number in its own examples."""

DEFAULT_REGION = "us-east-1"
"""The region of a plan whose program names none."""

PASSWORD = "password-made-at-deployment"  # noqa: S105 - a placeholder; no plan contains a real one
"""Stands for every generated password. The program must mark it secret; a plan that shows it has found a leak."""

_PROVIDER_PREFIX = "pulumi:providers:"


class UnknownLookup(LookupError):
    """The program looks something up that a plan has no placeholder for."""


class PlanProvider:
    """Creates nothing. Look-ups get fixed placeholders, so that a plan never depends on who makes it."""

    def __init__(self) -> None:
        self._region = DEFAULT_REGION
        self._lookups: dict[str, Callable[[], Mapping[str, Any]]] = {
            "aws:index/getCallerIdentity:getCallerIdentity": self._caller_identity,
            "aws:index/getRegion:getRegion": self._current_region,
            "aws:index/getPartition:getPartition": self._partition,
            "aws:index/getAvailabilityZones:getAvailabilityZones": self._availability_zones,
            "aws:secretsmanager/getRandomPassword:getRandomPassword": self._random_password,
        }

    def create(self, request: ResourceRequest) -> Created:
        """Know what was asked for, and nothing more."""
        if request.type.startswith(_PROVIDER_PREFIX):
            region = request.inputs.get("region")
            if isinstance(region, str):
                self._region = region
            # A provider's id is known even in a preview: the SDK needs it to refer to the provider.
            return Created(id="plan", outputs=request.inputs)
        return Created(id="", outputs=request.inputs)

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer with the placeholder for this look-up, whatever its arguments.

        Raises:
            UnknownLookup: there is none; it belongs in this file.
        """
        answer = self._lookups.get(token)
        if answer is None:
            raise UnknownLookup(f"a plan has no placeholder for the look-up {token}: add one to {__name__}")
        return {**args, **answer()}

    def _caller_identity(self) -> Mapping[str, Any]:
        arn = f"arn:aws:iam::{ACCOUNT_ID}:user/plan"
        return {"id": ACCOUNT_ID, "accountId": ACCOUNT_ID, "arn": arn, "userId": "plan"}

    def _current_region(self) -> Mapping[str, Any]:
        endpoint = f"ec2.{self._region}.amazonaws.com"
        return {"id": self._region, "region": self._region, "name": self._region, "endpoint": endpoint}

    def _partition(self) -> Mapping[str, Any]:
        return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}

    def _availability_zones(self) -> Mapping[str, Any]:
        names = [f"{self._region}{letter}" for letter in "abc"]
        return {"id": self._region, "names": names, "zoneIds": names, "groupNames": [self._region]}

    def _random_password(self) -> Mapping[str, Any]:
        return {"id": "plan", "randomPassword": PASSWORD}
