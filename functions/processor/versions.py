"""Handlers that ask for their payload in one version of its type's schema, whichever version was sent."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

import psycopg

from functions.common.upcasting import Upcasters
from functions.processor.event import Event


def upcasting(
    upcasters: Upcasters, version: str, handler: Callable[[Event, psycopg.Connection[Any]], None]
) -> Callable[[Event, psycopg.Connection[Any]], None]:
    """Return a handler that brings the payload to the version before it calls the one that wants it.

    What it raises is in `Upcasters.upcast`: all of it permanent, but for an upcaster that cannot be loaded.
    """

    @wraps(handler)
    def upcast_and_handle(event: Event, connection: psycopg.Connection[Any]) -> None:
        text = upcasters.upcast(event.type, event.payload_text, event.schema_version, version)
        # An event of its own, so that what one handler does to a payload is nothing to those that want another version.
        handler(replace(event, payload_json=text), connection)

    return upcast_and_handle


def refuse_missing(upcasters: Upcasters, version: object, types: Sequence[str]) -> None:
    """Make sure that a version exists, while whoever asks for it is still looking.

    Raises:
        ValueError: One of the types has no schema of it.
    """
    for name in types:
        versions = upcasters.versions(name)
        if version not in versions:
            there_is = f"there is {', '.join(reversed(versions))}" if versions else "the type has no schemas"
            raise ValueError(
                f"schema_version={version!r} is none of {name}: {there_is}; "
                'name one as its file does: @on("order.created", schema_version="2")'
            )
