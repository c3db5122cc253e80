"""Holds payloads to the schema of their event's type, where the stack wants it and the type has one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from functions.common.errors import FieldProblem, PermanentError
from functions.common.http import PROBLEMS_SHOWN
from functions.common.log import get_logger
from functions.common.metrics import Metrics
from functions.common.names import MetricName
from functions.common.schema_errors import SchemaUnchecked, SchemaViolated
from functions.common.schema_versions import schema_files, unknown_version
from functions.ingest.incoming import IncomingEvent
from functions.ingest.violations import problems_of

if TYPE_CHECKING:
    import jsonschema_rs

Mode = Literal["warn", "enforce"]

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class SchemaGate:
    """Lets payloads through that fit their schema; the stack's mode says what becomes of the others."""

    mode: Mode
    schemas: "Schemas"
    metrics: Metrics

    def check(self, event: IncomingEvent) -> None:
        """Return if the event may pass. In mode `warn` every event may, and what is wrong is counted and logged.

        Raises:
            SchemaViolated: The mode is `enforce`, and the payload does not fit; names each place.
            SchemaUnchecked: The mode is `enforce`, the type has a schema, and the payload was uploaded.
            UnknownSchemaVersion: The mode is `enforce`, and the type has schemas but not this version.
        """
        try:
            self.schemas.check(event)
        except PermanentError as error:
            if self.mode == "enforce":
                raise
            log.warning(
                error.code,
                event_type=event.fields.type,
                schema_version=event.fields.schema_version,
                paths=[problem.field for problem in error.problems],
            )
            self.metrics.count(MetricName.SCHEMA_VIOLATIONS, reason=error.code)


@dataclass(frozen=True)
class Schemas:
    """The registry, `<type>/<version>.json` in a folder; each schema is read when the first event needs it."""

    folder: Path
    _validators: "dict[Path, jsonschema_rs.Draft202012Validator]" = field(default_factory=dict, init=False, repr=False)

    def check(self, event: IncomingEvent) -> None:
        """Return if the event's type has no schema, or the payload fits it.

        Raises:
            SchemaViolated: It does not fit.
            SchemaUnchecked: It was uploaded, so nobody has read it.
            UnknownSchemaVersion: The type has schemas, but not this version.
        """
        versions = self._files.get(event.fields.type)
        if versions is None:
            return
        # An event that names no version means the newest.
        version = event.fields.schema_version or next(iter(versions))
        if version not in versions:
            raise unknown_version(versions)
        if not isinstance(event.payload, str):
            problem = FieldProblem(field="payload_ref", message="Send it as payload, so that it can be checked.")
            raise SchemaUnchecked(
                "The event's type has a schema, which is for payloads in the request.", problems=[problem]
            )
        validator = self._validator(versions[version])
        # Most payloads fit, and saying so is several times faster than listing nothing.
        if validator.is_valid(event.payload_value):
            return
        problems = list(
            islice(_distinct(problems_of(validator, event.payload_value, event.payload_field)), PROBLEMS_SHOWN)
        )
        raise SchemaViolated(f"The payload does not fit version {version} of its type's schema.", problems=problems)

    @cached_property
    def _files(self) -> Mapping[str, Mapping[str, Path]]:
        return schema_files(self.folder)

    def _validator(self, file: Path) -> "jsonschema_rs.Draft202012Validator":
        if file not in self._validators:
            # Not worth a cold start in mode off, nor where no event has a schema; and off's bundle does not carry it.
            import jsonschema_rs as rs  # noqa: PLC0415

            # Linear time whatever the pattern and the payload; 2020-12 makes `format` a note for people.
            self._validators[file] = rs.Draft202012Validator(
                json.loads(file.read_bytes()), pattern_options=rs.RegexOptions(), validate_formats=False, offline=True
            )
        return self._validators[file]


def _distinct(problems: Iterator[FieldProblem]) -> Iterator[FieldProblem]:
    """Leave out what was said before: the branches of an `anyOf` may complain alike."""
    seen = set()
    for problem in problems:
        if problem not in seen:
            seen.add(problem)
            yield problem
