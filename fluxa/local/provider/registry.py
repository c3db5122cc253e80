"""The table of resource types the local platform can create: a type token to one small function each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fluxa.local.engine import Created
from fluxa.local.provider.request import Request

Create = Callable[[Request], Created]

EVERYWHERE = {"region": "the emulator has one region"}
"""Inputs of every type that have no local meaning, and why."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """How one resource type is created locally."""

    create: Create
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Inputs deliberately without a local meaning, e.g. `{"multiAz": "one local server"}`: path to reason."""

    def ignores(self, path: str) -> bool:
        """Say whether the input at `path`, or an object or list it is part of, is ignored on purpose."""
        plain = re.sub(r"\[\d+\]", "", path)
        known = {**EVERYWHERE, **self.ignored}
        return any(plain == name or plain.startswith(f"{name}.") for name in known)


RESOURCE_TYPES: dict[str, ResourceType] = {}
"""Filled by the modules of `fluxa.local.provider.aws` when they are imported."""


def resource(type_: str, *, ignored: Mapping[str, str] | None = None) -> Callable[[Create], Create]:
    """Enter the decorated function into the table as what creates resources of `type_`."""

    def enter(create: Create) -> Create:
        if type_ in RESOURCE_TYPES:
            raise ValueError(f"{type_} is in the table twice")
        RESOURCE_TYPES[type_] = ResourceType(create=create, ignored=ignored or {})
        return create

    return enter
