"""Which of the user's functions run for which type of event."""

import importlib
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, overload

import psycopg
from pydantic import BaseModel

from functions.common.log import get_logger
from functions.processor.event import Event
from functions.processor.models import reading

Handler = Callable[[Event, psycopg.Connection[Any]], None]
"""Runs inside the event's own transaction: its SQL is committed together with the event, or not at all.

It may raise `PermanentError` (the event goes to the dead-letter queue) or `TransientError` (it is retried);
anything else is a bug, is retried, and alarms.

Registered with `replay=True` it runs for stored events too, when a replay asks for them: then its SQL is committed
together with the note that this replay has handled the event, and `event.replay_id` is that replay's.

What it changes with `SET` is put back before the next event. `SET LOCAL` needs no putting back, and is the only way
behind RDS Proxy: there a plain `SET` costs the sharing of connections, and a name of its own (`app.tenant`) stays set.
"""

Model = TypeVar("Model", bound=BaseModel)

TypedHandler = Callable[[Event, psycopg.Connection[Any], Model], None]
"""As `Handler`, and is given the payload as the model that it was registered with."""

HANDLERS_PACKAGE = "handlers"
"""The folder that the setting `processing.handlers` names is bundled under this name."""

log = get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Registered:
    handler: Handler
    replay: bool


class Registry:
    """Handlers by event type, in the order they were registered."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[_Registered]] = defaultdict(list)

    @overload
    def on(self, *types: str, replay: bool = False) -> Callable[[Handler], Handler]: ...

    @overload
    def on(
        self, *types: str, schema: type[Model], replay: bool = False
    ) -> Callable[[TypedHandler[Model]], TypedHandler[Model]]: ...

    def on(self, *types: str, schema: Any = None, replay: bool = False) -> Callable[[Any], Any]:
        """Register a function for one or more event types: `@on("order.created")`.

        Args:
            types: The event types.
            schema: A pydantic model; the handler gets the payload as one of it, its third argument. A payload that
                does not fit is a `PermanentError`: its event goes to the dead-letter queue, with what is wrong.
            replay: Whether it also runs when a replay brings an event that is stored already. Without it a handler
                never sees an event twice; with it, it has to bear that: by what it writes, or by `event.replay_id`.
        """
        # `@on` without parentheses passes the function itself.
        if not types or any(callable(name) or not name for name in types):
            raise ValueError('name the event types that the handler is for: @on("order.created")')
        if schema is not None and not (isinstance(schema, type) and issubclass(schema, BaseModel)):
            raise ValueError('schema takes a pydantic model: @on("order.created", schema=OrderCreated)')

        def register(handler: Any) -> Any:
            registered = _Registered(handler=handler if schema is None else reading(schema, handler), replay=replay)
            for name in types:
                self._handlers[name].append(registered)
            return handler

        return register

    def clear(self) -> None:
        """Forget every handler."""
        self._handlers.clear()

    def handlers_for(self, event_type: str, *, replay: bool = False) -> tuple[Handler, ...]:
        """Return the handlers of one type, for a replay those that ask for it; none for one that is simply stored."""
        return tuple(one.handler for one in self._handlers.get(event_type, ()) if one.replay or not replay)


registry = Registry()
"""The one that `on` fills."""

on = registry.on


def load_handlers(package_name: str = HANDLERS_PACKAGE) -> list[str]:
    """Import the user's package with everything in it, which registers its handlers; return the modules' names.

    No such package means no handlers. A module that cannot be imported stops the processor: storing events
    without the effects they were meant to have could not be put right later.

    Raises:
        Exception: Whatever a module of the package raised.
    """
    if importlib.util.find_spec(package_name) is None:
        return []
    loaded = [package_name]
    try:
        package = importlib.import_module(package_name)
        for name in _modules_below(package):
            loaded.append(name)
            importlib.import_module(name)
    except Exception:
        log.exception("handlers_not_loaded", module=loaded[-1])
        # The next invocation imports everything again; what stayed registered would then run twice for each event.
        registry.clear()
        for name in [name for name in sys.modules if name == package_name or name.startswith(f"{package_name}.")]:
            del sys.modules[name]
        raise
    return loaded


def _modules_below(package: ModuleType) -> list[str]:
    """Name every module in a package's folder and the folders in it, with or without an `__init__.py`.

    `pkgutil` would leave out folders without one, and so let handlers be missing without a word.
    """
    names = set()
    for folder in package.__path__:
        for file in Path(folder).rglob("*.py"):
            parts = file.relative_to(folder).with_suffix("").parts
            names.add(".".join([package.__name__, *(part for part in parts if part != "__init__")]))
    return sorted(names - {package.__name__})
