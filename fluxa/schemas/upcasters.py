"""The registry's upcasters, loaded and tried: on the examples of the schema that they lead away from."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.bundling.schemas import SchemaName, build_validator, pointed
from fluxa.schemas.findings import Finding
from functions.common.schema_errors import UpcastFailed
from functions.common.upcasting import Step, Upcaster, UpcasterBroken, load_upcaster, taken


def upcaster_findings(
    upcasters: Mapping[SchemaName, Path], previous: Mapping[SchemaName, SchemaName], schemas: Mapping[SchemaName, Any]
) -> Iterator[Finding]:
    """Yield what is wrong with each upcaster.

    Args:
        upcasters: The version that each leads to → its file.
        previous: Each version → the one before it.
        schemas: Those that are valid.
    """
    for name, file in upcasters.items():
        try:
            with _leaving_nothing_behind():
                upcaster = load_upcaster(file)
        except UpcasterBroken as error:
            yield Finding(
                path=name.upcaster_path, place=f"line {error.line}", rule="upcaster_broken", message=str(error)
            )
            continue
        if {name, previous[name]} <= set(schemas):
            step = Step(event_type=name.type, before=previous[name].version, after=name.version, file=file)
            yield from _tried(upcaster, step, name, previous[name], schemas)


def _tried(
    upcaster: Upcaster, step: Step, name: SchemaName, before: SchemaName, schemas: Mapping[SchemaName, Any]
) -> Iterator[Finding]:
    fits_before, fits_after = build_validator(schemas[before]), build_validator(schemas[name])
    for index, example in enumerate(schemas[before].get("examples", ())):
        place = f"examples[{index}]"
        if not fits_before.is_valid(example):
            message = "the example does not fit its own schema, so no upcaster can be tried on it"
            yield Finding(path=before.path, place=place, rule="example_unfit", message=message, against=name.path)
            continue
        source = f"{place} of {before.path}"
        try:
            made = taken(step, upcaster, json.dumps(example))
        except UpcastFailed as error:
            yield Finding(
                path=name.upcaster_path, place=source, rule=error.code, message=error.message, against=before.path
            )
            continue
        for violation in fits_after.iter_errors(json.loads(made)):
            yield Finding(
                path=name.upcaster_path,
                place=pointed(["payload", *violation.instance_path]),
                rule=violation.kind.name,
                message=f"made of {source}, it does not fit {name.path}: {violation.message}",
                against=before.path,
            )


@contextmanager
def _leaving_nothing_behind() -> Iterator[None]:
    """Write no bytecode into the user's folder: it would be stale for an edit within the same second."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
