"""The `fluxa` command: one sub-command for each module of this package."""

import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated

import typer

from fluxa.cli.bundle import bundle
from fluxa.cli.demo import demo
from fluxa.cli.dev import dev
from fluxa.cli.dlq import dlq
from fluxa.cli.env import env
from fluxa.cli.erase import erase
from fluxa.cli.events import events
from fluxa.cli.plan import plan
from fluxa.cli.replay import replay
from fluxa.cli.schema import schema
from fluxa.cli.send import send
from fluxa.cli.stopping import leave
from fluxa.cli.timeline import timeline
from fluxa.cli.trace import trace
from fluxa.errors import OperatorError

app = typer.Typer(
    no_args_is_help=True,
    # A traceback is for a bug of ours, and then Python's own says all without printing variables, secrets among them.
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (dev, demo, env, send, events, timeline, trace, replay, erase, plan, bundle):
    app.command()(command)
app.add_typer(schema, name="schema", help="The schemas of events, and whether a change to one may be published.")
app.add_typer(dlq, name="dlq")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"fluxa {metadata.version('fluxa')}")
        raise typer.Exit


@app.callback()
def _fluxa(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Fluxa: take events in over HTTP, store each exactly once, ask about them later.

    Begin with `fluxa dev`: the whole platform on this machine, nothing else needed.
    """


def main() -> None:
    """Run the command line of this process, and end the process."""
    # Not `sys.exit`: taking Pulumi's SDK apart, object by object, would cost the interpreter seconds.
    leave(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; what the operator can put right becomes one sentence."""
    try:
        app(arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except OperatorError as error:
        print(f"fluxa: {error}", file=sys.stderr)
        return error.exit_code
    return 0
