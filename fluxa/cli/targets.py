"""Which stack a command works on: the options that all operator's commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.local.project import DEFAULT_STATE_DIR, PROJECT_DIR

if TYPE_CHECKING:
    from fluxa.operate.target import Target

Stack = Annotated[
    str | None,
    typer.Option("--stack", "-s", help="A stack on AWS; Pulumi is asked for its outputs.", show_default="local"),
]
Outputs = Annotated[
    Path | None,
    typer.Option("--outputs", metavar="FILE", help="A stack's outputs as JSON, for where there is no Pulumi."),
]
StateDir = Annotated[
    Path, typer.Option(metavar="PATH", help="The folder that `fluxa dev` runs in.", show_default=".fluxa")
]
STATE_DIR = DEFAULT_STATE_DIR


def target_of(stack: str | None, outputs: Path | None, state_dir: Path) -> "Target":
    """Return the stack that the options name; without any, the platform that runs on this machine.

    Raises:
        OperatorError: There is none.
        BadParameter: They name two.
    """
    from fluxa.operate.target import find_target

    if stack is not None and outputs is not None:
        raise typer.BadParameter("give --stack or --outputs, not both.")
    return find_target(stack=stack, outputs=outputs, state_dir=state_dir, project_dir=PROJECT_DIR)
