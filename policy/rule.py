"""A rule, what it finds, and how rules are put to a stack."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from policy.model import Resource, Stack, Undecided

Check = Callable[[Resource, Stack], Iterable[str]]
"""Says in sentences what is wrong with a resource and how to put it right; nothing when all is well."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One promise about every resource of some types."""

    id: str
    title: str
    why: str
    types: frozenset[str]
    """Type tokens; empty for every resource that is no component."""
    check: Check

    def concerns(self, resource: Resource) -> bool:
        return resource.type in self.types if self.types else resource.custom


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A promise that one resource breaks."""

    rule: str
    urn: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of putting rules to a stack."""

    findings: Sequence[Finding]
    decided: int
    """How often a rule could judge a resource."""
    undecided: Sequence[tuple[str, str]]
    """Rule and URN wherever a value that a preview cannot know stood in the way."""


def judge(stack: Stack, rules: Iterable[Rule]) -> Verdict:
    """Put every rule to every resource that it concerns."""
    findings: list[Finding] = []
    undecided: list[tuple[str, str]] = []
    decided = 0
    for rule in rules:
        for resource in filter(rule.concerns, stack.resources):
            try:
                sentences = list(rule.check(resource, stack))
            except Undecided:
                undecided.append((rule.id, resource.urn))
                continue
            decided += 1
            findings.extend(Finding(rule=rule.id, urn=resource.urn, sentence=sentence) for sentence in sentences)
    return Verdict(findings=tuple(findings), decided=decided, undecided=tuple(undecided))
