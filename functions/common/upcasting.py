"""Payloads of an older schema version, read as a newer one: what is stored never changes.

Beside `schemas/<type>/2.json` may lie `2.py`, whose `upcast(payload)` takes a payload of the version before and returns
it as one of version 2. Without that file a payload of the version before is one of version 2 as it is.
"""

import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from functions.common.errors import FieldProblem
from functions.common.schema_errors import SchemaVersionUnreachable, UpcastFailed
from functions.common.schema_versions import SCHEMAS_FOLDER, schema_files, shown, unknown_version

Upcaster = Callable[[Any], Any]
"""Takes a payload that is its own to change, and returns what it became."""


class UpcasterBroken(Exception):
    """An upcaster's file is no upcaster: our mistake and not the event's, so it is retried, and alarms."""

    def __init__(self, file: Path, line: int, reason: str) -> None:
        super().__init__(f"{path_of(file)}:{line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Step:
    """From one version to the next one, by an upcaster."""

    event_type: str
    before: str
    after: str
    file: Path

    def __str__(self) -> str:
        return f"{self.event_type} {self.before} → {self.after}"


@dataclass(frozen=True)
class Upcasters:
    """The upcasters of a registry; each is loaded when the first payload needs it."""

    folder: Path = SCHEMAS_FOLDER
    _functions: dict[Path, Upcaster] = field(default_factory=dict, init=False, repr=False, compare=False)

    def versions(self, event_type: str) -> tuple[str, ...]:
        """Return the versions of a type's schema, newest first; none for a type without schemas."""
        return tuple(self._files.get(event_type, ()))

    def steps(self, event_type: str, from_version: str | None, to_version: str) -> list[Step]:
        """Return what has to be done, in order; nothing where a payload is one of the newer version as it is.

        Args:
            event_type: The event's type.
            from_version: The event's own; None means the newest, as it does when the event is accepted.
            to_version: The one asked for.

        Raises:
            UnknownSchemaVersion: The type has no schema of the version asked for.
            SchemaVersionUnreachable: The event's own is newer, or the type has no schema of it.
        """
        versions = self.versions(event_type)
        if to_version not in versions:
            raise unknown_version(versions)
        own = versions[0] if from_version is None else from_version
        if own not in versions:
            raise _unreachable(
                f"The event names a schema_version that its type does not have: there is {shown(versions)}."
            )
        start, end = versions.index(own), versions.index(to_version)
        if start < end:
            named = "names no schema_version and so is" if from_version is None else "is"
            raise _unreachable(f"The event {named} of version {own}, and none is taken back to an older one.")
        files = self._files[event_type]
        pairs = [(versions[place], versions[place - 1]) for place in range(start, end, -1)]
        steps = (
            Step(event_type=event_type, before=before, after=after, file=files[after].with_suffix(".py"))
            for before, after in pairs
        )
        return [step for step in steps if step.file.is_file()]

    def upcast(self, event_type: str, payload: str, from_version: str | None, to_version: str) -> str:
        """Return a payload as one of another version, both as JSON text; the very same text if nothing has to be done.

        Raises:
            UnknownSchemaVersion: The type has no schema of the version asked for.
            SchemaVersionUnreachable: The event's own is newer, or the type has no schema of it.
            UpcastFailed: An upcaster raised, or returned what is no JSON; names the step, and no value.
            UpcasterBroken: A file is no upcaster.
        """
        for step in self.steps(event_type, from_version, to_version):
            payload = taken(step, self._function(step.file), payload)
        return payload

    @cached_property
    def _files(self) -> Mapping[str, Mapping[str, Path]]:
        return schema_files(self.folder)

    def _function(self, file: Path) -> Upcaster:
        if file not in self._functions:
            self._functions[file] = load_upcaster(file)
        return self._functions[file]


def taken(step: Step, upcaster: Upcaster, payload: str) -> str:
    """Take one step. What the upcaster gets was parsed for it alone, so it may change it.

    Raises:
        UpcastFailed: It raised, or returned what is no JSON.
    """
    result = None
    try:
        value = json.loads(payload)
        was_null = value is None
        result = upcaster(value)
        problem = "" if was_null or result is not None else "returned nothing; it must return the payload"
    # It may also call sys.exit(), which would take more with it than this event.
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the event cannot be had in this version
        problem = f"raised {type(error).__name__}{_place(error, step.file)}"
    if not problem:
        try:
            return json.dumps(result, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            problem = "returned what is no JSON"
    # Outside of any `except`, because the words of its error may quote the payload.
    raise UpcastFailed(f"The upcaster {step} {problem}.")


def load_upcaster(file: Path) -> Upcaster:
    """Import a file by its path, and return its `upcast`.

    Raises:
        UpcasterBroken: It cannot be imported, or has no such function; names the line.
    """
    name = "/".join((*file.parts[-3:-1], file.stem))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UpcasterBroken(file, 1, "it is no Python file")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and models look their own module up by its name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        line = error.lineno if isinstance(error, SyntaxError) else _line(error, file)
        raise UpcasterBroken(file, line or 1, f"{type(error).__name__}: {error}") from error
    return _checked(file, getattr(module, "upcast", None))


def path_of(file: Path) -> str:
    """Name a registry's file as the project does: `schemas/order.created/2.py`."""
    return "/".join((SCHEMAS_FOLDER.name, *file.parts[-2:]))


def _checked(file: Path, function: Any) -> Upcaster:
    if not callable(function):
        raise UpcasterBroken(file, 1, "it has no function upcast(payload)")
    code = getattr(function, "__code__", None)
    line = code.co_firstlineno if isinstance(code, CodeType) else 1
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise UpcasterBroken(file, line, "upcast must be a plain function that returns the payload")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise UpcasterBroken(file, line, "upcast must take one argument, the payload") from None
    return function  # type: ignore[no-any-return] # Checked as far as a function can be.


def _unreachable(message: str) -> SchemaVersionUnreachable:
    return SchemaVersionUnreachable(message, problems=[FieldProblem(field="schema_version", message=message)])


def _place(error: BaseException, file: Path) -> str:
    line = _line(error, file)
    return f" in line {line} of {path_of(file)}" if line else ""


def _line(error: BaseException, file: Path) -> int | None:
    """Return where in the file an error came from, as deep as it goes."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == str(file)]
    return lines[-1] if lines else None
