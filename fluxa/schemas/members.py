"""Comparing what schemas say about the members of objects and arrays."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fluxa.schemas.issues import Issue, Place
from fluxa.schemas.values import accepts, types_of

if TYPE_CHECKING:
    from fluxa.schemas.compatibility import Proof

Olds = Sequence[Mapping[str, Any]]


def object_issues(proof: "Proof", olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    """Compare every keyword about objects."""
    if "object" not in types_of(olds):
        return
    yield from _required(olds, new, place)
    yield from _named_properties(proof, olds, new, place)
    yield from _patterns(proof, olds, new, place)
    yield from _additional(proof, olds, new, place)
    if "propertyNames" in new:
        names = [{"type": "string"}, *(old["propertyNames"] for old in olds if "propertyNames" in old)]
        yield from proof.issues(names, new["propertyNames"], (*place, "propertyNames"))
    for name, schema in new.get("dependentSchemas", {}).items():
        given = [old["dependentSchemas"][name] for old in olds if name in old.get("dependentSchemas", {})]
        yield from proof.issues([*olds, *given], schema, (*place, "dependentSchemas", name))


def array_issues(proof: "Proof", olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    """Compare every keyword about the items of arrays."""
    if "array" not in types_of(olds):
        return
    firsts = new.get("prefixItems", [])
    for index, schema in enumerate(firsts):
        yield from proof.issues(_item(olds, index), schema, (*place, "prefixItems", index))
    if "items" in new:
        longest = max((len(old.get("prefixItems", ())) for old in olds), default=0)
        for index in range(len(firsts), max(longest, len(firsts)) + 1):
            found = proof.issues(_item(olds, index), new["items"], (*place, "items"))
            yield from found
            if found:
                return


def _required(olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    before = {name for old in olds for name in old.get("required", ())}
    for name in new.get("required", ()):
        if name not in before:
            yield Issue((*place, "properties", name), "required_added", "required, and was optional")
    for name, others in new.get("dependentRequired", {}).items():
        given = before.union(*(old.get("dependentRequired", {}).get(name, ()) for old in olds))
        for other in others:
            if other not in given:
                message = f"{other} is required beside it, and was optional"
                yield Issue((*place, "dependentRequired", name), "required_added", message)


def _named_properties(proof: "Proof", olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    known = {name for old in olds for name in old.get("properties", {})}
    for name, schema in new.get("properties", {}).items():
        at = (*place, "properties", name)
        found = proof.issues(_property(olds, name), schema, at)
        if found and name not in known:
            message = "added, where any value was accepted before (additionalProperties was not false)"
            found = [Issue(at, "property_added_to_open", message)]
        yield from found


def _patterns(proof: "Proof", olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    for pattern, schema in new.get("patternProperties", {}).items():
        at = (*place, "patternProperties", pattern)
        names = {name for old in olds for name in old.get("properties", {})}
        for name in sorted(names):
            if accepts({"pattern": pattern}, name):
                yield from proof.issues(_property(olds, name), schema, at)
        yield from proof.issues(list(_unnamed(olds, pattern)), schema, at)


def _additional(proof: "Proof", olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    if new.get("additionalProperties", True) is True:
        return
    schema, patterns = new["additionalProperties"], new.get("patternProperties", {})
    for name in sorted({name for old in olds for name in old.get("properties", {})} - set(new.get("properties", {}))):
        if any(accepts({"pattern": pattern}, name) for pattern in patterns):
            continue
        at = (*place, "properties", name)
        found = proof.issues(_property(olds, name), schema, at)
        if found and schema is False:
            found = [Issue(at, "property_removed", "removed, while additionalProperties is false")]
        yield from found
    at = (*place, "additionalProperties")
    found = proof.issues(list(_others(olds, set(patterns))), schema, at)
    if found and schema is False:
        found = [Issue(at, "additional_properties_closed", "false, and was not: properties nobody named were accepted")]
    yield from found


def _property(olds: Olds, name: str) -> list[Any]:
    """Return what is known of the value of one property."""
    found = []
    for old in olds:
        matched = [
            schema
            for pattern, schema in old.get("patternProperties", {}).items()
            if accepts({"pattern": pattern}, name)
        ]
        if name in old.get("properties", {}):
            matched.append(old["properties"][name])
        found += matched or [old.get("additionalProperties", True)]
    return found


def _unnamed(olds: Olds, pattern: str) -> Iterator[Any]:
    """Yield what is known of the value of any property that matches a pattern and has no schema of its own."""
    for old in olds:
        given = old.get("patternProperties", {})
        if pattern in given:
            yield given[pattern]
        elif not given:
            yield old.get("additionalProperties", True)


def _others(olds: Olds, excluded: set[str]) -> Iterator[Any]:
    """Yield what is known of a property without a schema of its own that matches none of the excluded patterns."""
    for old in olds:
        # Another pattern may match where we cannot know, and then it is that one's schema that holds.
        if set(old.get("patternProperties", {})) <= excluded:
            yield old.get("additionalProperties", True)


def _item(olds: Olds, index: int) -> list[Any]:
    return [
        old["prefixItems"][index] if index < len(old.get("prefixItems", ())) else old.get("items", True) for old in olds
    ]
