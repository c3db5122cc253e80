"""What a stack would consist of: the program's registrations, without credentials, a cloud or a network.

A plan is made by running the stack's own program in a preview. It is no `pulumi preview`: it knows no state, so it
cannot say what would change; it says what the program asks for. A pull request from a fork can have one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluxa.local.engine import Recording, run_program
from fluxa.plan.document import plan_document
from fluxa.plan.findings import judged
from fluxa.plan.provider import PlanProvider
from fluxa.plan.tree import plan_tree, summary

WITHOUT_BUILDING: Mapping[str, Any] = {"functions.bundles": "named"}
"""Settings of every plan: bundles are named, not built, because building takes a package index and time."""

__all__ = ["WITHOUT_BUILDING", "PlanProvider", "judged", "make_plan", "plan_document", "plan_tree", "summary"]


def make_plan(project_dir: Path, stack: str, overrides: Mapping[str, Any] | None = None) -> Recording:
    """Run the project's program for `stack` as a preview and return what it registered.

    Raises:
        UnknownStack: the stack has no file.
        InvalidConfiguration: the configuration cannot be read.
        Exception: whatever the program raised, such as refused settings.
    """
    return run_program(
        project_dir, stack, PlanProvider(), preview=True, overrides={**WITHOUT_BUILDING, **(overrides or {})}
    )
