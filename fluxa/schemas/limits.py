"""Comparing the limits of schemas: how large a number, how long a text, how many members."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fluxa.schemas.issues import Issue, Place
from fluxa.schemas.values import types_of

_NUMBERS = frozenset({"integer", "number"})

# Keyword: the types it speaks about, whether it is a lower limit, and the rule it breaks.
_COUNTS: Mapping[str, tuple[str, bool, str]] = {
    "minLength": ("string", True, "min_length_raised"),
    "maxLength": ("string", False, "max_length_lowered"),
    "minItems": ("array", True, "min_items_raised"),
    "maxItems": ("array", False, "max_items_lowered"),
    "minProperties": ("object", True, "min_properties_raised"),
    "maxProperties": ("object", False, "max_properties_lowered"),
}

Olds = Sequence[Mapping[str, Any]]


def limit_issues(olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    """Compare every keyword that limits a size."""
    types = types_of(olds)
    for word, (kind, lower, rule) in _COUNTS.items():
        if word in new and kind in types:
            yield from _count(olds, word, new[word], lower=lower, issue=_issuer(place, word, rule))
    if types & _NUMBERS:
        yield from _range(olds, new, place)
        yield from _multiple(olds, new, place, integers=not types & {"number"})
    if "string" in types and "pattern" in new and not any(old.get("pattern") == new["pattern"] for old in olds):
        before = " or ".join(sorted({old["pattern"] for old in olds if "pattern" in old}))
        what = f"changed from {before} to" if before else "added:"
        yield Issue(
            place, "pattern_changed", f"pattern {what} {new['pattern']}, which cannot be proven to match as much"
        )
    if "array" in types and new.get("uniqueItems") and not any(old.get("uniqueItems") for old in olds):
        yield Issue(place, "unique_items_added", "items that are alike are no longer accepted")


def _issuer(place: Place, word: str, rule: str) -> Callable[[Any, Any], Issue]:
    def issue(before: Any, after: Any) -> Issue:
        changed = f"added: {after}" if before is None else f"changed from {before} to {after}"
        return Issue(place, rule, f"{word} {changed}")

    return issue


def _count(olds: Olds, word: str, after: Any, *, lower: bool, issue: Callable[[Any, Any], Issue]) -> Iterator[Issue]:
    limits = [old[word] for old in olds if word in old]
    before = (max(limits) if lower else min(limits)) if limits else None
    if lower:
        if after > (before or 0):
            yield issue(before, after)
    elif before is None or after < before:
        yield issue(before, after)


def _range(olds: Olds, new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
    for word, exclusive, sign, rule in (
        ("minimum", "exclusiveMinimum", 1, "minimum_raised"),
        ("maximum", "exclusiveMaximum", -1, "maximum_lowered"),
    ):
        inclusive_before = [old[word] * sign for old in olds if word in old]
        exclusive_before = [old[exclusive] * sign for old in olds if exclusive in old]
        both = inclusive_before + exclusive_before
        before = max(both) * sign if both else None
        if word in new and not any(limit >= new[word] * sign for limit in both):
            yield _issuer(place, word, rule)(before, new[word])
        if exclusive in new:
            after = new[exclusive] * sign
            if not (any(one >= after for one in exclusive_before) or any(one > after for one in inclusive_before)):
                yield _issuer(place, exclusive, rule)(before, new[exclusive])


def _multiple(olds: Olds, new: Mapping[str, Any], place: Place, *, integers: bool) -> Iterator[Issue]:
    after = new.get("multipleOf")
    if after is None or (integers and after == 1):
        return
    before = [old["multipleOf"] for old in olds if "multipleOf" in old]
    # Of fractions only the very same is safe: a tenth is none in binary.
    if any(one == after or (isinstance(one, int) and isinstance(after, int) and one % after == 0) for one in before):
        return
    yield _issuer(place, "multipleOf", "multiple_of_changed")(before[0] if before else None, after)
