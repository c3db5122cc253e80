"""`fluxa dev`: the whole platform on this machine, until Ctrl-C."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.plan import setting
from fluxa.cli.stopping import PATIENCE_WHILE_UP_SECONDS, Stopping, StopRequested, leave
from fluxa.local.project import DEFAULT_STATE_DIR, PROJECT_DIR

if TYPE_CHECKING:
    from fluxa.local.outputs import PlatformOutputs
    from fluxa.local.steps import Steps


def dev(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON with every address and key when ready.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Start clean: forget every event of earlier runs.")] = False,
    state_dir: Annotated[
        Path, typer.Option(metavar="PATH", help="Where events are kept between runs.", show_default=".fluxa")
    ] = DEFAULT_STATE_DIR,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting for this run only, over Pulumi.local.yaml's."),
    ] = None,
) -> None:
    """Run all of Fluxa on this machine until Ctrl-C: PostgreSQL, an AWS emulator, and the stack deployed to it.

    It needs no Docker, no AWS account and no Pulumi CLI, listens on 127.0.0.1 only, and finds free ports. Events
    outlive it: the next start has them again.

    **Examples**

    * `fluxa dev` — sample events, addresses, and a curl line to paste

    * `fluxa dev --json > platform.json &` — for scripts: the line is there when everything is ready

    * `fluxa dev --state-dir /tmp/second` — a second platform beside the first

    * `fluxa dev --set ingest.inline_limit_bytes=4096` — with another setting than Pulumi.local.yaml's

    * `fluxa dev --reset` — forget everything first
    """
    from fluxa.local.platform import LocalPlatform, stop_everything
    from fluxa.local.processes import kill_descendants

    # The program runs with another working directory.
    state_dir = state_dir.resolve()

    def force() -> None:
        kill_descendants()
        stop_everything(state_dir)

    overrides = dict(setting(text) for text in settings or [])
    stopping = Stopping(force)
    ready = False
    try:
        with stopping.on_signals(), ExitStack() as up:
            with _shown_steps() as steps:
                platform = up.enter_context(LocalPlatform(PROJECT_DIR, state_dir, overrides, report=steps, reset=reset))
            stopping.patience_seconds = PATIENCE_WHILE_UP_SECONDS
            ready = True
            _announce(platform.outputs, as_json=as_json)
            platform.wait()
    except StopRequested:
        if not ready and stopping.received:
            # An installation or a call of the deployment may still be under way in some thread.
            force()
            leave(stopping.received)
        print("Stopped. The next `fluxa dev` goes on with the same events.", file=sys.stderr)


@contextmanager
def _shown_steps() -> Iterator["Steps"]:
    from fluxa.local.steps import PlainSteps, TerminalSteps

    if not sys.stderr.isatty():
        yield PlainSteps()
        return
    with TerminalSteps() as steps:
        yield steps


def _announce(outputs: "PlatformOutputs", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(outputs.document()), flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    from fluxa.cli.samples import send_samples

    console = Console(highlight=False, soft_wrap=True)
    table = Table(
        "event_id", "type", "bytes", "way", "status", title="Sample events, and where they are", title_justify="left"
    )
    for arrival in send_samples(outputs):
        table.add_row(arrival.event_id, arrival.type, f"{arrival.payload_bytes:,}", arrival.way, arrival.status)
    console.print(table)
    console.print(_welcome(outputs), markup=False)


def _welcome(outputs: "PlatformOutputs") -> str:
    body = '{"type":"order.created","user_id":"u1","payload":{"n":1}}'
    return f"""
API          {outputs.api_url}
Send         curl -H 'x-api-key: {outputs.api_key}' -d '{body}' {outputs.api_url}/events
List         curl -H 'x-api-key: {outputs.api_key}' '{outputs.api_url}/events?limit=10'
Database     psql '{outputs.database_url}'
AWS          AWS_ACCESS_KEY_ID={outputs.access_key_id} AWS_SECRET_ACCESS_KEY={outputs.secret_access_key} \
aws --region {outputs.region} --endpoint-url {outputs.aws_endpoint_url} sqs list-queues

Ready. Ctrl-C stops everything."""
