"""`fluxa env`: the addresses and keys of the running platform, as lines for a shell."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from fluxa.local.project import DEFAULT_STATE_DIR

_VARIABLES = {
    "api_url": "FLUXA_API_URL",
    "api_key": "FLUXA_API_KEY",
    "database_url": "FLUXA_DATABASE_URL",
    "aws_endpoint_url": "AWS_ENDPOINT_URL",
    "region": "AWS_DEFAULT_REGION",
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
}


def env(
    state_dir: Annotated[
        Path, typer.Option(metavar="PATH", help="The folder that `fluxa dev` runs in.", show_default=".fluxa")
    ] = DEFAULT_STATE_DIR,
) -> None:
    """Print the running platform's addresses and keys as shell variables.

    The AWS variables point the AWS command line and SDKs to the local emulator.

    **Example**

    * `eval "$(fluxa env)"` — then `curl -H "x-api-key: $FLUXA_API_KEY" "$FLUXA_API_URL/events"`
    """
    from fluxa.local.published import read_published

    outputs = read_published(state_dir.resolve())
    for key, variable in _VARIABLES.items():
        print(f"export {variable}={shlex.quote(str(outputs[key]))}")
