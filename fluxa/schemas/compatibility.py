"""Proves that one schema accepts everything another one accepts, or says what stands in the way.

A proof by keywords: each one of the wider schema must follow from the narrower one's. What cannot be followed is
reported as well (rule `not_proven`): an alarm too many costs a look, one too few costs events.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.bundling.schemas import ANNOTATIONS, LISTS, NAMED, ONE, resolved
from fluxa.schemas.issues import Issue, Place
from fluxa.schemas.limits import limit_issues
from fluxa.schemas.members import array_issues, object_issues
from fluxa.schemas.values import accepts, canonical, enumerated, type_issues

STEPS_AT_MOST = 2_000
"""Of one proof. Schemas that people write take hundreds; alternatives within alternatives can take for ever."""

_TOGETHER = (("if", "then", "else"), ("contains", "minContains", "maxContains"))
"""Keywords that mean something only together, and are compared as one."""
_WHOLE = frozenset({"oneOf", "not", "unevaluatedItems", "unevaluatedProperties"})
"""Keywords that are compared as they stand: reasoning about what they refuse takes more than it would give."""


def issues_between(narrower: Any, wider: Any) -> list[Issue]:
    """Return what stands in the way of `wider` accepting whatever `narrower` accepts; nothing if it is proven."""
    proof = Proof(narrower=narrower, wider=wider)
    try:
        return proof.issues([narrower], wider, ())
    except RecursionError:
        return [Issue((), "not_proven", "the schemas are nested too deeply to be compared")]


@dataclass(kw_only=True)
class Proof:
    """One comparison of two files, each with its own `$defs`."""

    narrower: Any
    wider: Any
    _open: set[str] = field(default_factory=set)
    """Questions being answered: one that comes up again inside its own answer is a schema that contains itself."""
    _steps: int = 0

    def issues(self, olds: Sequence[Any], new: Any, place: Place) -> list[Issue]:
        """Compare what satisfies all of `olds`, schemas of the narrower file, with `new`, one of the wider file."""
        self._steps += 1
        if self._steps > STEPS_AT_MOST:
            return [Issue(place, "not_proven", "the schemas are too intricate to be compared")]
        olds = list(self._flat(olds))
        if new in (True, {}) or any(old is False for old in olds):
            return []
        if new is False:
            return [Issue(place, "closed", "nothing is accepted here any more")]
        question = json.dumps([olds, new], sort_keys=True)
        if question in self._open:
            return []
        self._open.add(question)
        try:
            return self._answer([old for old in olds if old is not True], new, place)
        finally:
            self._open.discard(question)

    def _answer(self, olds: list[Any], new: Mapping[str, Any], place: Place) -> list[Issue]:
        if any(self.same(old, new) for old in olds):
            return []
        values = enumerated(olds)
        if values is not None and not _references(new) and all(accepts(new, value) for value in values):
            return []
        found = self._by_keywords(olds, new, place)
        return self._by_cases(olds, new, place) if found and self._splits(olds) else found

    def _by_keywords(self, olds: list[Any], new: Mapping[str, Any], place: Place) -> list[Issue]:
        found = [*type_issues(olds, new, place), *limit_issues(olds, new, place)]
        found += [*object_issues(self, olds, new, place), *array_issues(self, olds, new, place)]
        if "$ref" in new:
            found += self.issues(olds, resolved(self.wider, new["$ref"]), place)
        for index, part in enumerate(new.get("allOf", ())):
            found += self.issues(olds, part, (*place, "allOf", index))
        if "anyOf" in new and all(self.issues(olds, part, place) for part in new["anyOf"]):
            found.append(Issue((*place, "anyOf"), "not_proven", "no single branch accepts all that was accepted"))
        return found + list(self._unreasoned(olds, new, place))

    def _unreasoned(self, olds: list[Any], new: Mapping[str, Any], place: Place) -> Iterator[Issue]:
        for group in (*_TOGETHER, *((word,) for word in sorted(_WHOLE))):
            mine = {word: new[word] for word in group if word in new}
            trivial = group[0].startswith("unevaluated") and mine.get(group[0]) is True
            if not mine or trivial:
                continue
            theirs = [{word: old[word] for word in group if word in old} for old in olds]
            # What `unevaluated…` means depends on every keyword beside it, so only a whole schema can be the same.
            comparable = not group[0].startswith("unevaluated")
            if not (comparable and any(self.same(one, mine) for one in theirs)):
                yield Issue((*place, next(iter(mine))), "not_proven", "changed, and what it refuses cannot be compared")

    def _splits(self, olds: Sequence[Any]) -> bool:
        return any("anyOf" in old or "oneOf" in old for old in olds)

    def _by_cases(self, olds: list[Any], new: Mapping[str, Any], place: Place) -> list[Issue]:
        """Take the first alternative of the narrower schema apart: each branch on its own must be accepted."""
        index, word = next(
            (index, word) for index, old in enumerate(olds) for word in ("anyOf", "oneOf") if word in old
        )
        # What they refer to stands beside them already; and what `unevaluated…` means has changed with this.
        taken = {"$ref", "allOf", "unevaluatedItems", "unevaluatedProperties"}
        rest = [
            {name: value for name, value in old.items() if name not in taken and not (number == index and name == word)}
            for number, old in enumerate(olds)
        ]
        for branch in olds[index][word]:
            found = self.issues([*rest, branch], new, place)
            if found:
                return found
        return []

    def same(self, old: Any, new: Any) -> bool:
        """Tell whether two parts are written alike, and so is all they refer to."""
        pending, compared = [(old, new)], set[str]()
        while pending:
            one, other = pending.pop()
            if canonical(_meaning(one)) != canonical(_meaning(other)):
                return False
            for pointer in _references(other) - compared:
                compared.add(pointer)
                pending.append((resolved(self.narrower, pointer), resolved(self.wider, pointer)))
        return True

    def _flat(self, olds: Sequence[Any]) -> Iterator[Any]:
        """Yield the schemas and, beside each, those it takes on by `$ref` and `allOf`."""
        pending, seen = list(olds), set[str]()
        while pending:
            old = pending.pop(0)
            yield old
            if not isinstance(old, Mapping):
                continue
            if "$ref" in old and old["$ref"] not in seen:
                seen.add(old["$ref"])
                pending.append(resolved(self.narrower, old["$ref"]))
            pending += old.get("allOf", ())


def _references(part: Any) -> set[str]:
    """Return every `$ref` in a part; one inside an example costs nothing but a comparison more."""
    if isinstance(part, Mapping):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set[str]()
        return own.union(*(_references(value) for value in part.values()))
    return set[str]().union(*(_references(value) for value in part)) if isinstance(part, list) else set()


def _meaning(part: Any) -> Any:
    """Leave out what refuses nothing, at every level."""
    if not isinstance(part, Mapping):
        return part
    return {
        word: _parts_meaning(word, value)
        for word, value in part.items()
        if word not in ANNOTATIONS and not word.startswith("x-")
    }


def _parts_meaning(word: str, value: Any) -> Any:
    if word in ONE:
        return _meaning(value)
    if word in LISTS:
        return [_meaning(part) for part in value]
    return {name: _meaning(part) for name, part in value.items()} if word in NAMED else value
