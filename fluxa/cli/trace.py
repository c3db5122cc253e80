"""`fluxa trace`: every hop of one correlation id."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from fluxa.cli.moment import Since
from fluxa.cli.targets import STATE_DIR, Outputs, Stack, StateDir, target_of
from fluxa.errors import OperatorError

if TYPE_CHECKING:
    from fluxa.operate.trace import Hop


def trace(
    correlation_id: Annotated[str, typer.Argument(metavar="CORRELATION_ID", help="As X-Correlation-Id answered it.")],
    since: Since = "1d",
    as_json: Annotated[bool, typer.Option("--json", help="Print each hop as a line of JSON.")] = False,
    stack: Stack = None,
    outputs: Outputs = None,
    state_dir: StateDir = STATE_DIR,
) -> None:
    """Show every hop of one correlation id in order: what each function logged, and what queue and database recorded.

    Logs are read from the moment the event was accepted, or from --since when no event is known; CloudWatch bills
    what it searches. A log line appears there some seconds after it was written.

    **Examples**

    * `fluxa trace 0193589e-8c40-7b61-b1de-20cf4a3f2b11`

    * `fluxa trace order-1001 -s prod --since 7d --json`

    **Exit codes**

    * `0` — something is known of the id

    * `1` — nothing is, or the stack could not be asked

    * `2` — the command line is wrong
    """
    from fluxa.operate.api import Api
    from fluxa.operate.moments import parse_moment
    from fluxa.operate.trace import Tracer, require_identifier

    require_identifier(correlation_id)
    target = target_of(stack, outputs, state_dir)
    with Api(target) as api:
        tracer = Tracer(api=api, logs=target.client("logs"), functions=target.functions)
        found = tracer.trace(correlation_id, since=parse_moment(since))
    for gap in found.gaps:
        print(gap, file=sys.stderr)
    if not found.hops:
        raise OperatorError(
            f"Nothing is known of {correlation_id} in {target.name}, with logs since {since}: "
            "is the id right? Logs take some seconds to appear."
        )
    _print(found.hops, as_json=as_json)


def _print(hops: "tuple[Hop, ...]", *, as_json: bool) -> None:
    from fluxa.cli.tables import print_table
    from fluxa.operate.moments import written

    if as_json:
        for hop in hops:
            document = {"at": written(hop.at), "hop": hop.hop, "what": hop.what, "details": hop.details}
            print(json.dumps(document, default=str))
        return
    print_table(
        ("time", "hop", "what", "details"),
        ([written(hop.at), hop.hop, hop.what, _words(hop)] for hop in hops),
    )


def _words(hop: "Hop") -> str:
    # A traceback is for --json.
    return "  ".join(f"{name}={value}" for name, value in hop.details.items() if name != "exception")
