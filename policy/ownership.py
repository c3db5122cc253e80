"""What holds for every resource: who made it, what it belongs to, how it is labelled, and what guards it."""

import json
from collections.abc import Iterator, Mapping

from policy.model import UNKNOWN, Resource, Stack, Undecided
from policy.rule import Rule
from policy.tokens import BUCKET, INSTANCE, PARAMETER, PROVIDER, SECRET_VERSION, STACK

TAGS = frozenset({"project", "stack", "managed-by"})
"""Keys that every resource carries, by the provider's default tags."""

AWS_GUARDS = ("deletionProtection", "deletionProtectionEnabled")
"""Inputs by which AWS itself refuses to delete a resource."""

WRITE_ONLY: Mapping[str, tuple[str, ...]] = {
    INSTANCE: ("password",),
    SECRET_VERSION: ("secretString", "secretBinary"),
}
"""Type → inputs that keep a secret in state; each has a write-only counterpart."""


def _is_provider(resource: Resource) -> bool:
    return resource.type.startswith("pulumi:providers:")


def _has_an_explicit_provider(resource: Resource, stack: Stack) -> Iterator[str]:
    if _is_provider(resource):
        return
    if resource.provider not in {provider.urn for provider in stack.of_type(PROVIDER)}:
        yield "uses the default provider, and so lacks the stack's tags and region: pass the account's options"


def _belongs_to_a_component(resource: Resource, stack: Stack) -> Iterator[str]:
    if _is_provider(resource):
        return
    parent = stack.with_urn(resource.parent)
    if parent is None or parent.custom or parent.type == STACK:
        yield "belongs to no component: give it parent=self"


def _labels_everything(provider: Resource, _: Stack) -> Iterator[str]:
    tags = provider.inputs.get("defaultTags")
    if tags is UNKNOWN:
        raise Undecided("defaultTags")
    # A provider's own inputs travel as JSON text.
    found = (json.loads(tags) if isinstance(tags, str) else tags or {}).get("tags", {})
    missing = sorted(TAGS - set(found))
    if missing:
        yield f"leaves resources without {', '.join(missing)}: add them to default_tags"


def _is_guarded(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.protect:
        return
    if resource.value("deletionProtection", default=False) or resource.value(
        "deletionProtectionEnabled", default=False
    ):
        yield "is guarded by AWS and not by Pulumi, which would fail half-way through a destroy: set protect"
    if resource.type == BUCKET and not resource.value("forceDestroy", default=False):
        yield "is meant to be kept and is not guarded: set protect, or forceDestroy for a throw-away bucket"


def _keeps_secrets_out_of_state(resource: Resource, _: Stack) -> Iterator[str]:
    stored = [key for key in WRITE_ONLY.get(resource.type, ()) if resource.value(key)]
    if resource.type == PARAMETER and resource.value("type") == "SecureString":
        stored = [key for key in ("value", "insecureValue") if resource.value(key)]
    if stored:
        yield f"keeps a secret in Pulumi's state: use {stored[0]}Wo and its version in place of {stored[0]}"


RULES = (
    Rule(
        id="explicit-provider",
        title="Every resource is made by the stack's own provider",
        why="The default provider knows no tags, and takes its region from whoever runs it.",
        types=frozenset(),
        check=_has_an_explicit_provider,
    ),
    Rule(
        id="component-parent",
        title="Every resource belongs to a component",
        why="The tree is how people find what a resource is for.",
        types=frozenset(),
        check=_belongs_to_a_component,
    ),
    Rule(
        id="default-tags",
        title="Everything carries project, stack and managed-by",
        why="Costs and owners are found by tags.",
        types=frozenset({PROVIDER}),
        check=_labels_everything,
    ),
    Rule(
        id="guarded-twice",
        title="What AWS guards from deletion, Pulumi guards too",
        why="A destroy that fails half-way leaves a stack that neither works nor is gone.",
        types=frozenset(),
        check=_is_guarded,
    ),
    Rule(
        id="no-secret-in-state",
        title="Secrets are written, never stored",
        why="State is read by everybody who deploys.",
        types=frozenset({*WRITE_ONLY, PARAMETER}),
        check=_keeps_secrets_out_of_state,
    ),
)
