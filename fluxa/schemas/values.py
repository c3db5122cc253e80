"""Comparing what schemas say about a value as a whole: its type, and the values it may be."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.bundling.schemas import build_validator
from fluxa.schemas.issues import Issue, Place

_ALL_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_VALUES_SHOWN = 3


def canonical(value: Any) -> str:
    """Return the same text for equal JSON only: to Python `1 == True`, to a schema it is not."""
    return json.dumps(value, sort_keys=True)


def accepts(schema: Any, value: Any) -> bool:
    """Tell whether a schema, which must refer to nothing outside itself, accepts a value."""
    return bool(build_validator(schema).is_valid(value))


def enumerated(olds: Sequence[Mapping[str, Any]]) -> list[Any] | None:
    """Return the only values that can satisfy all of `olds`, perhaps too many; None when they are not listed."""
    for old in olds:
        if "const" in old:
            return [old["const"]]
        if "enum" in old:
            return list(old["enum"])
    return None


def types_of(olds: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the types a value may have that satisfies all of `olds`; an integer is named beside number."""
    types = _ALL_TYPES
    for old in olds:
        if "type" in old:
            types &= _with_integer(old["type"])
    return types


def type_issues(olds: Sequence[Mapping[str, Any]], new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    """Compare `type`, `enum` and `const`."""
    if "type" in new:
        before = types_of(olds)
        if not before <= _with_integer(new["type"]):
            message = f"type narrowed from {_named(before)} to {_named(_with_integer(new['type']))}"
            yield Issue(place, "type_narrowed", message)
    values = enumerated(olds)
    for word in ("const", "enum"):
        if word in new:
            allowed = {canonical(value) for value in ([new[word]] if word == "const" else new[word])}
            yield from _value_issues(values, allowed, place, word)


def _value_issues(values: list[Any] | None, allowed: set[str], place: Place, word: str) -> Iterator[Issue]:
    if values is None:
        yield Issue(place, f"{word}_added", f"{word} limits to listed values what was not limited")
        return
    lost = [text for text in map(canonical, values) if text not in allowed]
    if lost:
        more = f" and {len(lost) - _VALUES_SHOWN} more" if len(lost) > _VALUES_SHOWN else ""
        shown = ", ".join(lost[:_VALUES_SHOWN])
        yield Issue(place, f"{word}_narrowed", f"{word} no longer allows {shown}{more}")


def _with_integer(types: str | Sequence[str]) -> frozenset[str]:
    named = frozenset({types} if isinstance(types, str) else types)
    return named | {"integer"} if "number" in named else named


def _named(types: frozenset[str]) -> str:
    if types == _ALL_TYPES:
        return "any type"
    shown = types - {"integer"} if "number" in types else types
    return " or ".join(sorted(shown)) or "nothing"
