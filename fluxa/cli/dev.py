"""`fluxa dev`: the whole platform on this machine, until Ctrl-C."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.plan import setting
from fluxa.cli.session import platform_session
from fluxa.cli.stopping import StopRequested
from fluxa.local.project import DEFAULT_STATE_DIR

if TYPE_CHECKING:
    from fluxa.local.outputs import PlatformOutputs

Profile = Annotated[
    str | None,
    typer.Option(
        metavar="STACK",
        help="Deploy another stack's shape: Pulumi.STACK.yaml's settings, with Pulumi.local.yaml's laid over them.",
    ),
]

_WIDTH_OF_SAMPLES = 90
"""Columns that the table of sample events needs."""


def dev(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON with every address and key when ready.")
    ] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Start clean: forget every event of earlier runs.")] = False,
    state_dir: Annotated[
        Path, typer.Option(metavar="PATH", help="Where events are kept between runs.", show_default=".fluxa")
    ] = DEFAULT_STATE_DIR,
    profile: Profile = None,
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

    * `fluxa dev --state-dir ~/fluxa-second` — a second platform beside the first

    * `fluxa dev --set ingest.inline_limit_bytes=4096` — with another setting than Pulumi.local.yaml's

    * `fluxa dev --profile prod` — every resource that production has; those that only AWS can run are records. The
      stack is still called `local`, and events are the same under every profile.

    * `fluxa dev --reset` — forget everything first
    """
    overrides = dict(setting(text) for text in settings or [])
    try:
        with platform_session(state_dir, overrides, profile=profile, reset=reset) as platform:
            _announce(platform.outputs, as_json=as_json)
            platform.wait(_say)
    except StopRequested:
        print("Stopped. The next `fluxa dev` goes on with the same events.", file=sys.stderr)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _announce(outputs: "PlatformOutputs", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(outputs.document()), flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    from fluxa.cli.samples import send_samples

    # Piped into a file it has no width; an id that is cut off cannot be asked about.
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, _WIDTH_OF_SAMPLES)
    table = Table("event_id", "type", "bytes", "way", "status", box=None, pad_edge=False)
    for arrival in send_samples(outputs):
        table.add_row(arrival.event_id, arrival.type, f"{arrival.payload_bytes:,}", arrival.way, arrival.status)
    console.print("\nSample events, and where they are:\n")
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
