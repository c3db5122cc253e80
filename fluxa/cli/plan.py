"""`fluxa plan`: the registrations of any stack and what the policy finds, without credentials or a cloud."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fluxa.errors import OperatorError

_NARROWEST = 120
"""Columns of a tree that is not shown in a terminal, e.g. in a CI log."""


def plan(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack, as in Pulumi.STACK.yaml.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of registrations.")] = False,
    with_inputs: Annotated[
        bool, typer.Option("--inputs", help="Show the inputs of every resource in the tree.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 when the policy finds something.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting for this plan only, e.g. network.mode=public."),
    ] = None,
) -> None:
    """Show what a stack consists of: every resource its program registers, and what the policy has against it.

    Findings are the sentences of `policy/`; they end the command with 1 only with `--strict`, as a pipeline wants.

    This is a plan of registrations, not a comparison: it reads no state and asks no cloud, so it cannot say what would
    change. It needs no credentials. Generated passwords, the account and its zones are placeholders; what only a
    deployment would know appears as [unknown], secrets as [secret].
    """
    from pulumi import RunError

    from components.bundling.errors import BundleError
    from fluxa.plan import judged, make_plan, plan_document

    project_dir = find_project(Path.cwd())
    overrides = dict(setting(text) for text in settings or [])
    try:
        recording = make_plan(project_dir, stack, overrides)
    except (RunError, BundleError) as error:
        # Mistakes in the program's configuration, or in the clone: the message is all a person needs.
        raise OperatorError(str(error)) from error
    verdict = judged(recording)
    if as_json:
        json.dump(plan_document(recording, project_dir), sys.stdout, indent=2, sort_keys=True, ensure_ascii=False)
        print()
    else:
        _print_tree(recording, project_dir, verdict, with_inputs=with_inputs)
    if strict and verdict.findings:
        first = verdict.findings[0]
        raise OperatorError(
            f"The policy finds {len(verdict.findings)} in stack {stack}; "
            f"the first: {first.urn.rpartition('::')[2]} {first.sentence} ({first.rule})."
        )


def find_project(start: Path) -> Path:
    """Return the nearest folder, `start` or one above it, with a `Pulumi.yaml`.

    Raises:
        OperatorError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise OperatorError(f"There is no Pulumi.yaml in {start} or above it: run this in a clone of the project.")


def setting(text: str) -> tuple[str, Any]:
    """Read `network.mode=public` as a name and a YAML value.

    Raises:
        OperatorError: it has no `=`, or the value is not YAML.
    """
    import yaml

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise OperatorError(f"--set takes KEY=VALUE, such as network.mode=public, not {text!r}.")
    try:
        return name.strip(), yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise OperatorError(f"--set {name}: {value!r} is not a YAML value.") from error


def _print_tree(recording: Any, project_dir: Path, verdict: Any, *, with_inputs: bool) -> None:
    from rich.console import Console

    from fluxa.plan import plan_tree, summary

    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, _NARROWEST))
    console.print(plan_tree(recording, project_dir, verdict, with_inputs=with_inputs))
    for line in (*recording.logs, *summary(recording, verdict)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
