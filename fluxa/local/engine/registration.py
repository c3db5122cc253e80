"""What a run leaves behind: every resource the program registered, with every option, in an order that never varies."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True, kw_only=True)
class ResourceRequest:
    """One resource, as a provider is asked to create it."""

    urn: str
    type: str
    """Type token, e.g. `aws:sqs/queue:Queue`."""
    name: str
    """Logical name: what the program calls the resource."""
    inputs: Mapping[str, Any] = field(repr=False)
    """Wire (camelCase) names; secrets are plain here, values a preview cannot know are `UNKNOWN`."""
    provider: str
    """Reference (`urn::id`) of the explicit provider, empty for the default one."""
    preview: bool


@dataclass(frozen=True, kw_only=True)
class Created:
    """A provider's answer. In a preview `id` is empty and `outputs` holds only what is known."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Provider(Protocol):
    """What answers the program: creates resources and looks things up. Called from several threads at once."""

    def create(self, request: ResourceRequest) -> Created:
        """Create one custom resource, or say what a preview would know of it."""
        ...

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a look-up such as `aws:index/getRegion:getRegion`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it. Inputs and outputs may hold secrets, so `repr` leaves them out."""

    urn: str
    type: str
    name: str
    custom: bool
    """False for components and the stack itself."""
    parent: str
    """URN of the parent; empty for the stack itself."""
    marked_inputs: Mapping[str, Any] = field(repr=False)
    """Inputs with their secrets still wrapped in `Secret`: what may be printed after masking."""
    inputs: Mapping[str, Any] = field(repr=False)
    """Inputs with plain values, for checks that need them."""
    secret_inputs: Sequence[str]
    """Paths of the inputs that are secret."""
    dependencies: Sequence[str]
    property_dependencies: Mapping[str, Sequence[str]]
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool | None
    """None: the provider decides."""
    provider: str
    providers: Mapping[str, str]
    version: str
    ignore_changes: Sequence[str]
    replace_on_changes: Sequence[str]
    additional_secret_outputs: Sequence[str]
    aliases: Sequence[Mapping[str, Any]]
    custom_timeouts: Mapping[str, str]
    import_id: str
    deleted_with: str
    source: str
    """Where in the program it was registered: `path:line`, relative to the project when inside it."""
    id: str
    outputs: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One look-up the program made."""

    token: str
    args: Mapping[str, Any] = field(repr=False)
    provider: str


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Everything one run of the program did."""

    project: str
    stack: str
    registrations: Sequence[Registration]
    """Every resource after its parent and everything it depends on; equal programs give equal lists."""
    outputs: Mapping[str, Any] = field(repr=False)
    """Stack outputs, plain."""
    secret_outputs: Sequence[str]
    """Paths of the stack outputs that are secret."""
    invocations: Sequence[Invocation]
    logs: Sequence[str]
    """What the program said through `pulumi.info`, `warn` and `error`, as `warning: …`."""

    def of_type(self, type_: str) -> list[Registration]:
        """Return every registration with this type token."""
        return [registration for registration in self.registrations if registration.type == type_]

    def one(self, type_: str, name: str) -> Registration:
        """Return the registration with this type token and logical name.

        Raises:
            LookupError: there is none, or more than one.
        """
        found = [registration for registration in self.of_type(type_) if registration.name == name]
        if len(found) != 1:
            names = sorted(registration.name for registration in self.of_type(type_))
            raise LookupError(f"expected one {type_} named {name!r}, found {len(found)}; registered: {names}")
        return found[0]


def in_order(registrations: Sequence[Registration]) -> list[Registration]:
    """Sort so that parents and dependencies come first, and equals by URN: threads finish in any order, this does not.

    Raises:
        ValueError: the dependencies form a cycle.
    """
    by_urn = {registration.urn: registration for registration in registrations}
    waiting_for = {
        urn: {other for other in (registration.parent, *registration.dependencies) if other in by_urn}
        for urn, registration in by_urn.items()
    }
    followers: dict[str, list[str]] = {urn: [] for urn in by_urn}
    for urn, others in waiting_for.items():
        for other in others:
            followers[other].append(urn)
    ready = [urn for urn, others in waiting_for.items() if not others]
    heapq.heapify(ready)
    ordered: list[Registration] = []
    while ready:
        urn = heapq.heappop(ready)
        ordered.append(by_urn[urn])
        for follower in followers[urn]:
            waiting_for[follower].discard(urn)
            if not waiting_for[follower]:
                heapq.heappush(ready, follower)
    if len(ordered) != len(by_urn):
        raise ValueError(
            f"resources depend on each other in a circle: {sorted(set(by_urn) - {r.urn for r in ordered})}"
        )
    return ordered
