"""A plan as a tree for people: components as branches with counts, resources as leaves, findings where they belong."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text
from rich.tree import Tree

from fluxa.local.engine import STACK_TYPE, Recording, Registration
from fluxa.plan.document import shown
from policy import Verdict

LONGEST_VALUE = 72
"""Characters of an input that are shown; policies and OpenAPI documents are elided."""

_ELLIPSIS = "…"
_PROVIDER_PREFIX = "pulumi:providers:"


def plan_tree(recording: Recording, project_dir: Path, verdict: Verdict, *, with_inputs: bool = False) -> Tree:
    """Draw the registrations under the components they belong to."""
    children: dict[str, list[Registration]] = {}
    for registration in recording.registrations:
        children.setdefault(registration.parent, []).append(registration)
    sentences: dict[str, list[str]] = {}
    for finding in verdict.findings:
        sentences.setdefault(finding.urn, []).append(f"{finding.sentence} ({finding.rule})")
    root = Tree(Text(f"{recording.project} {recording.stack}", style="bold"))
    gardener = _Gardener(children, sentences, project_dir if with_inputs else None)
    for stack in children.get("", []):
        gardener.grow(root, stack)
    return root


def summary(recording: Recording, verdict: Verdict) -> list[str]:
    """Say how much there is, what is wrong with it, and what this is not."""
    resources = [r for r in recording.registrations if r.custom and not r.type.startswith(_PROVIDER_PREFIX)]
    components = [r for r in recording.registrations if not r.custom and r.type != STACK_TYPE]
    protected = sum(registration.protect for registration in resources)
    return [
        (
            f"A preview of an empty stack {recording.stack} would create {_count(len(resources), 'resource')} in "
            f"{_count(len(components), 'component')}, {protected} of them protected."
        ),
        (
            f"Findings: {len(verdict.findings)} of {_count(verdict.decided, 'check')}; "
            f"{len(verdict.undecided)} more need values that only a deployment knows."
        ),
        "This is what the program asks for, not a comparison with what exists.",
    ]


@dataclass(frozen=True)
class _Gardener:
    """What every branch of one tree is drawn from."""

    children: Mapping[str, list[Registration]]
    sentences: Mapping[str, list[str]]
    inputs_within: Path | None
    """The project's folder when inputs are to be shown."""

    def grow(self, branch: Tree, parent: Registration) -> None:
        for child in self.children.get(parent.urn, []):
            twig = branch.add(self._label(child))
            for sentence in self.sentences.get(child.urn, []):
                twig.add(Text(f"! {sentence}", style="red"))
            if self.inputs_within is not None:
                for key, value in shown(child.marked_inputs, self.inputs_within).items():
                    twig.add(_input(key, value))
            self.grow(twig, child)

    def _below(self, registration: Registration) -> Iterator[Registration]:
        for child in self.children.get(registration.urn, []):
            if child.custom:
                yield child
            yield from self._below(child)

    def _label(self, registration: Registration) -> Text:
        # Text, not markup: names and values may hold square brackets.
        label = Text(no_wrap=True, overflow="ellipsis")
        label.append(registration.name, style="bold" if registration.custom else "bold cyan")
        label.append(f"  {registration.type}", style="dim")
        if not registration.custom:
            below = list(self._below(registration))
            label.append(f"  {_count(len(below), 'resource')}", style="cyan")
            found = sum(len(self.sentences.get(item.urn, [])) for item in below)
            if found:
                label.append(f", {_count(found, 'finding')}", style="red")
        if registration.protect:
            label.append("  protected", style="yellow")
        return label


def _input(key: str, value: Any) -> Text:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = " ".join(text.split())
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]}{_ELLIPSIS}"
    label = Text(no_wrap=True, overflow="ellipsis", style="dim")
    label.append(f"{key}: {text}")
    return label


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
