"""What the emulator writes down when it stops: only what the next one reads, and within the seconds of a Ctrl-C."""

import json
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any, TextIO

CLOSING_SECONDS = 1.0
"""For whoever is still connected when the emulator is stopped; only then it begins to write."""


def install(app: Any, persistence: Any, server_config: Any, services: Collection[str]) -> None:
    """Let the emulator keep the state of these services, and of no others.

    Everything else is deployed anew, and the logs of 100,000 events take longer to write than there is time.
    """
    server_config.graceful_timeout = CLOSING_SECONDS
    app._state_map = {name: module for name, module in app._state_map.items() if name in services}
    # With all its names, because the module has just this one.
    persistence.json = SimpleNamespace(dump=_dump, load=json.load, JSONDecodeError=json.JSONDecodeError)


def _dump(value: Any, file: TextIO, *, default: Callable[[Any], Any]) -> None:
    """Encode as a whole: `json.dump` does it piece by piece, in Python, and takes more than twice as long."""
    file.write(json.dumps(value, default=default))
