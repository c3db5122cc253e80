"""The schema registry's files, `schemas/<type>/<version>.json`: found, read, and held to JSON Schema 2020-12.

Ingest carries only files that passed here, so that a mistake in a schema stops a deployment and never an event.
Upcasters lie beside them, `<version>.py`; see `functions/common/upcasting.py`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.bundling.errors import BundleError

SCHEMAS_FOLDER = "schemas"
"""The registry's folder, below the project's root and in ingest's bundle alike."""

_UPCASTER = ".py"

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_VERSION = re.compile(r"(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){0,2}")

# By what a keyword's value holds: one schema, a list of them, or a schema for each name.
ONE = frozenset(
    {"additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
NAMED = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})
ANNOTATIONS = frozenset(
    {"$comment", "$defs", "$id", "$schema", "contentEncoding", "contentMediaType", "contentSchema", "default"}
    | {"deprecated", "description", "examples", "format", "readOnly", "title", "writeOnly"}
)
"""Keywords that refuse no value. `format` is among them: 2020-12 makes it a note for people."""
_LIMITS = frozenset(
    {"exclusiveMaximum", "exclusiveMinimum", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum"}
    | {"minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf"}
)
_OTHERS = frozenset({"$ref", "const", "dependentRequired", "enum", "pattern", "required", "type", "uniqueItems"})
_KNOWN = ONE | LISTS | NAMED | ANNOTATIONS | _LIMITS | _OTHERS


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaName:
    """What a schema is for."""

    type: str
    version: str

    @property
    def rank(self) -> tuple[int, ...]:
        """Its place among the versions of its type: 2 before 10."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def path(self) -> str:
        """Its file, relative to the project."""
        return f"{SCHEMAS_FOLDER}/{self.type}/{self.version}.json"

    @property
    def upcaster_path(self) -> str:
        """The file, relative to the project, that makes a payload of the version before one of this version."""
        return f"{SCHEMAS_FOLDER}/{self.type}/{self.version}{_UPCASTER}"


def schema_files(project_dir: Path) -> dict[SchemaName, Path]:
    """Return the registry's schemas, by type and then version; none where there is no folder.

    Raises:
        BundleError: Something in the folder is neither a schema's file nor named as a Python file.
    """
    found = {
        schema_name(file.relative_to(project_dir).as_posix()): file
        for file in _registry_files(project_dir)
        if file.suffix != _UPCASTER
    }
    return dict(sorted(found.items(), key=lambda item: (item[0].type, item[0].rank)))


def upcaster_files(project_dir: Path) -> dict[SchemaName, Path]:
    """Return the registry's upcasters, by the version that each leads to.

    Raises:
        BundleError: One lies beside no schema, or no version is before it; or as for `schema_files`.
    """
    schemas = schema_files(project_dir)
    of_path = {name.upcaster_path: name for name in schemas}
    found = {}
    for file in _registry_files(project_dir):
        path = file.relative_to(project_dir).as_posix()
        if file.suffix != _UPCASTER:
            continue
        if path not in of_path:
            raise BundleError(
                f"{path}: an upcaster lies beside the schema it leads to, and there is no such .json file."
            )
        name = of_path[path]
        if not any(one.type == name.type and one.rank < name.rank for one in schemas):
            raise BundleError(f"{path}: an upcaster leads here from the version before, and there is none before it.")
        found[name] = file
    return dict(sorted(found.items(), key=lambda item: (item[0].type, item[0].rank)))


def _registry_files(project_dir: Path) -> Iterator[Path]:
    root = project_dir / SCHEMAS_FOLDER
    for file in root.rglob("*"):
        parts = file.relative_to(root).parts
        # An interpreter that ran an upcaster left its bytecode behind.
        if file.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            yield file


def schema_name(path: str) -> SchemaName:
    """Read `schemas/order.created/1.json`.

    Raises:
        BundleError: That is not the path of a schema.
    """
    _, *parts = path.split("/")
    file = parts[-1]
    if len(parts) != 2 or not file.endswith(".json") or not _VERSION.fullmatch(file.removesuffix(".json")):  # noqa: PLR2004 - type and version
        raise BundleError(
            f"{path} is no schema: name it {SCHEMAS_FOLDER}/<event type>/<version>.json, version 1 or 1.2."
        )
    return SchemaName(type=parts[0], version=file.removesuffix(".json"))


def checked_schema_files(project_dir: Path) -> dict[SchemaName, Path]:
    """Return the registry's files, every one of them valid.

    Raises:
        BundleError: Names the first file that is not, and where in it.
    """
    files = schema_files(project_dir)
    for name, file in files.items():
        read_schema(file.read_bytes(), name.path)
    return files


def read_schema(text: bytes, path: str) -> Any:
    """Read one schema.

    Raises:
        BundleError: It is not JSON, not a schema of 2020-12, or refers to what lies outside its file.
    """
    try:
        schema = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: it is not JSON: {error}.") from error
    _refuse_invalid(schema, path)
    parts = dict(parts_of(schema))
    for place, part in parts.items():
        _refuse_foreign(part, path, place)
    for place in parts:
        _refuse_stray_reference(schema, parts, path, place)
    build_validator(schema, path)
    return schema


def build_validator(schema: Any, path: str = "the schema") -> Any:
    """Return a validator as ingest builds it: `pattern` in linear time, no network, `format` as a note.

    Raises:
        BundleError: A reference leads nowhere, or a pattern is not one.
    """
    # Both half the price of importing Pulumi; most programs that name a bundle check no schema.
    import jsonschema_rs as rs  # noqa: PLC0415

    try:
        return rs.Draft202012Validator(schema, pattern_options=rs.RegexOptions(), validate_formats=False, offline=True)
    except (rs.ValidationError, rs.ReferencingError, ValueError) as error:
        where = pointed([*getattr(error, "instance_path", ())])
        reason = str(getattr(error, "message", error)).splitlines()[0]
        raise BundleError(f"{path}: {where or 'the schema'}: {reason}.") from error


def parts_of(
    schema: Any, place: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Yield every schema in a schema that is an object, with its place, from the outside in."""
    if not isinstance(schema, Mapping):
        return
    yield place, schema
    for keyword, value in schema.items():
        if keyword in ONE:
            yield from parts_of(value, (*place, keyword))
        elif keyword in LISTS:
            for index, one in enumerate(value):
                yield from parts_of(one, (*place, keyword, index))
        elif keyword in NAMED:
            for name, one in value.items():
                yield from parts_of(one, (*place, keyword, name))


def resolved(file: Any, reference: str) -> Any:
    """Return what a checked reference, such as `#/$defs/item`, points at."""
    part = file
    for step in _steps(reference):
        part = part[int(step)] if isinstance(part, list) else part[step]
    return part


def pointed(place: tuple[str | int, ...] | list[str | int]) -> str:
    """Write a place as people do: `properties.items[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _refuse_invalid(schema: Any, path: str) -> None:
    import jsonschema_rs as rs  # noqa: PLC0415

    if not isinstance(schema, dict):
        raise BundleError(f"{path}: a schema is a JSON object.")
    if schema.get("$schema", DIALECT) != DIALECT:
        raise BundleError(f"{path}: $schema: only {DIALECT} is understood.")
    try:
        rs.meta.validate(schema)
    except rs.ValidationError as error:
        # What is wrong with patterns and references is said by `build_validator`, in the same words.
        where = pointed(list(error.instance_path))
        raise BundleError(f"{path}: {where or 'the schema'}: {error.message}.") from error


def _refuse_foreign(part: Mapping[str, Any], path: str, place: tuple[str | int, ...]) -> None:
    at = pointed(place) or "the schema"
    unknown = [word for word in part if word not in _KNOWN and not word.startswith("x-")]
    if unknown:
        raise BundleError(f"{path}: {at}: unknown keyword {unknown[0]!r}; words of your own start with x-.")
    if "$id" in part and place:
        raise BundleError(f"{path}: {at}: $id is for the whole file only, so that a $ref means one thing.")
    reference = part.get("$ref", "#")
    if reference != "#" and not reference.startswith("#/"):
        raise BundleError(f"{path}: {at}: $ref must point into the same file, such as #/$defs/item.")


def _refuse_stray_reference(
    schema: Any, parts: Mapping[tuple[str | int, ...], Mapping[str, Any]], path: str, place: tuple[str | int, ...]
) -> None:
    """Refuse a reference to what is no schema, and one that comes back to itself without looking at a member."""
    reference = parts[place].get("$ref")
    if reference is None:
        return
    at = pointed((*place, "$ref"))
    places = {"#" + "".join(f"/{_escaped(step)}" for step in one) for one in parts}
    if reference not in places:
        raise BundleError(f"{path}: {at}: {reference} is no schema in this file.")
    target, pending, seen = parts[place], [resolved(schema, reference)], list[int]()
    while pending:
        part = pending.pop()
        if part is target:
            raise BundleError(f"{path}: {at}: {reference} leads back to itself without ever reaching a value.")
        if isinstance(part, Mapping) and id(part) not in seen:
            seen.append(id(part))
            pending += _in_place(schema, part)


def _in_place(schema: Any, part: Mapping[str, Any]) -> list[Any]:
    """Return the schemas that a value is held to together with this one."""
    together = [part[word] for word in ("if", "then", "else", "not") if word in part]
    together += [one for word in ("allOf", "anyOf", "oneOf") for one in part.get(word, ())]
    together += part.get("dependentSchemas", {}).values()
    return [*together, resolved(schema, part["$ref"])] if "$ref" in part else together


def _steps(reference: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in reference.split("/")[1:]]


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise ValueError(f"the key {twice!r} appears twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
