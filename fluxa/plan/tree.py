"""A plan as a tree for people: components as branches with counts, resources as leaves with their inputs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.text import Text
from rich.tree import Tree

from fluxa.local.engine import STACK_TYPE, Recording, Registration
from fluxa.plan.document import shown

LONGEST_VALUE = 72
"""Characters of an input that are shown; policies and OpenAPI documents are elided."""

_ELLIPSIS = "…"


def plan_tree(recording: Recording, project_dir: Path) -> Tree:
    """Draw the registrations under the components they belong to."""
    children: dict[str, list[Registration]] = {}
    for registration in recording.registrations:
        children.setdefault(registration.parent, []).append(registration)
    root = Tree(Text(f"{recording.project} {recording.stack}", style="bold"))
    for stack in children.get("", []):
        _grow(root, stack, children, project_dir)
    return root


def summary(recording: Recording) -> str:
    """Say in one line how much there is, and what this is not."""
    resources = [registration for registration in recording.registrations if registration.custom]
    components = [r for r in recording.registrations if not r.custom and r.type != STACK_TYPE]
    protected = sum(registration.protect for registration in resources)
    return (
        f"Stack {recording.stack} registers {_count(len(resources), 'resource')} in "
        f"{_count(len(components), 'component')}, {protected} of them protected. "
        "This is what the program asks for, not a comparison with what exists."
    )


def _grow(branch: Tree, parent: Registration, children: Mapping[str, list[Registration]], project_dir: Path) -> None:
    for child in children.get(parent.urn, []):
        twig = branch.add(_label(child, sum(1 for _ in _below(child, children))))
        for key, value in shown(child.marked_inputs, project_dir).items():
            twig.add(_input(key, value))
        _grow(twig, child, children, project_dir)


def _below(registration: Registration, children: Mapping[str, list[Registration]]) -> Iterator[Registration]:
    for child in children.get(registration.urn, []):
        if child.custom:
            yield child
        yield from _below(child, children)


def _label(registration: Registration, resources_below: int) -> Text:
    # Text, not markup: names and values may hold square brackets.
    label = Text(no_wrap=True, overflow="ellipsis")
    label.append(registration.name, style="bold" if registration.custom else "bold cyan")
    label.append(f"  {registration.type}", style="dim")
    if not registration.custom:
        label.append(f"  {_count(resources_below, 'resource')}", style="cyan")
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
