"""Stacks for rules to judge, written down resource by resource."""

from collections.abc import Mapping, Sequence
from typing import Any

from policy import Resource, Stack

COMPONENT = "fluxa:test:Thing"


def urn_of(type_: str, name: str) -> str:
    return f"urn:pulumi:test::fluxa::{type_}::{name}"


PROVIDER = Resource(
    urn=urn_of("pulumi:providers:aws", "aws"),
    type="pulumi:providers:aws",
    name="aws",
    inputs={"defaultTags": '{"tags": {"project": "fluxa", "stack": "test", "managed-by": "pulumi"}}'},
)
PARENT = Resource(urn=urn_of(COMPONENT, "thing"), type=COMPONENT, name="thing", custom=False)


def item(
    type_: str,
    name: str = "it",
    inputs: Mapping[str, Any] | None = None,
    *,
    links: Mapping[str, Sequence[Resource]] | None = None,
    after: Sequence[Resource] = (),
    **options: Any,
) -> Resource:
    """A resource of the stack, below a component and made by the stack's provider unless told otherwise."""
    linked = {key: tuple(other.urn for other in others) for key, others in (links or {}).items()}
    return Resource(
        urn=urn_of(type_, name),
        type=type_,
        name=name,
        inputs=inputs or {},
        dependencies=tuple(other.urn for other in after) + tuple(urn for urns in linked.values() for urn in urns),
        property_dependencies=linked,
        **{"parent": PARENT.urn, "provider": PROVIDER.urn, **options},
    )


def stack(*resources: Resource) -> Stack:
    """A stack of these and what they belong to."""
    return Stack([PROVIDER, PARENT, *resources])
