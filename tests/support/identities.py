"""Under which names Pulumi would find a resource again: its own, and those that aliases of it or its parents give it.

What Pulumi's engine does when it looks for a registered resource in the state, for one stack and project.
https://www.pulumi.com/docs/iac/concepts/options/aliases/
"""

from collections.abc import Mapping
from typing import Any

from fluxa.local.engine import Recording, Registration

STACK_TYPE = "pulumi:pulumi:Stack"

Identity = tuple[str, str]
"""Types from the outermost component down, joined by `$`, and the name: what a URN has beside stack and project."""


def identity(urn: str) -> Identity:
    _, _, types, name = urn.removeprefix("urn:pulumi:").split("::", 3)
    return types.removeprefix(f"{STACK_TYPE}$"), name


def identities(recording: Recording) -> dict[str, set[Identity]]:
    """Return by URN every identity under which a resource is looked for."""
    by_urn = {item.urn: item for item in recording.registrations}
    found: dict[str, set[Identity]] = {}

    def of(urn: str) -> set[Identity]:
        if urn not in found:
            found[urn] = _identities(by_urn[urn], of)
        return found[urn]

    return {urn: of(urn) for urn in by_urn}


def _identities(item: Registration, of: Any) -> set[Identity]:
    if item.type == STACK_TYPE:
        return {("", "")}
    own: set[Identity] = set()
    for alias in ({}, *item.aliases):
        own |= {identity(alias["urn"])} if "urn" in alias else _spelt_out(item, alias, of)
    return own


def _spelt_out(item: Registration, alias: Mapping[str, Any], of: Any) -> set[Identity]:
    name, type_ = alias.get("name", item.name), alias.get("type", item.type)
    if alias.get("noParent"):
        return {(type_, name)}
    parent = alias.get("parent", item.parent)
    _, parents_name = identity(parent) if f"::{STACK_TYPE}::" not in parent else ("", "")
    return {
        ("$".join(filter(None, (types, type_))), _renamed(name, parents_name, parents_other_name))
        for types, parents_other_name in of(parent)
    }


def _renamed(name: str, parents_name: str, parents_other_name: str) -> str:
    """A child named after its parent was named after its parent's old name before."""
    if parents_name and name.startswith(parents_name):
        return parents_other_name + name.removeprefix(parents_name)
    return name
