"""What the validator found, as fields and sentences that never repeat what the client sent."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from functions.common.errors import FieldProblem

if TYPE_CHECKING:
    import jsonschema_rs

_SCHEMA_WORDS = 200
"""Characters of a schema's own values that a sentence shows: an enum may be long."""

# The value is the schema's for these keywords; for all others it may hold words of the payload.
_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "type": lambda value: f"Must be of type {' or '.join(value)}.",
    "enum": lambda value: f"Must be one of {_shown(value)}.",
    "const": lambda value: f"Must be {_shown(value)}.",
    "minimum": lambda value: f"Must be at least {_shown(value)}.",
    "maximum": lambda value: f"Must be at most {_shown(value)}.",
    "exclusiveMinimum": lambda value: f"Must be more than {_shown(value)}.",
    "exclusiveMaximum": lambda value: f"Must be less than {_shown(value)}.",
    "multipleOf": lambda value: f"Must be a multiple of {_shown(value)}.",
    "minLength": lambda value: f"Must have at least {value} characters.",
    "maxLength": lambda value: f"Must have at most {value} characters.",
    "pattern": lambda value: f"Must match the pattern {_shown(value)}.",
    "minItems": lambda value: f"Must have at least {value} items.",
    "maxItems": lambda value: f"Must have at most {value} items.",
    "minProperties": lambda value: f"Must have at least {value} properties.",
    "maxProperties": lambda value: f"Must have at most {value} properties.",
    "uniqueItems": lambda _: "Must not have the same item twice.",
    "falseSchema": lambda _: "Must be absent.",
}
_UNEXPECTED = frozenset({"additionalProperties", "unevaluatedProperties", "unevaluatedItems"})


def problems_of(validator: "jsonschema_rs.Draft202012Validator", payload: Any, root: str) -> Iterator[FieldProblem]:
    """Yield each violation: the payload's field, below `root`, and what the schema asks for."""
    for error in validator.iter_errors(payload):
        place = list(error.instance_path)
        keyword, value = error.kind.name, error.kind.value
        if keyword == "required":
            yield FieldProblem(field=_path(root, *place, value), message="Required.")
        elif keyword in _UNEXPECTED:
            for name in value:
                yield FieldProblem(
                    field=_path(root, *place, name), message="Not in the schema, which allows nothing else."
                )
        elif keyword in _SENTENCES:
            yield FieldProblem(field=_path(root, *place), message=_SENTENCES[keyword](value))
        else:
            yield FieldProblem(field=_path(root, *place), message=f"Does not satisfy the schema's {keyword}.")


def _path(root: str, *place: str | int) -> str:
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SCHEMA_WORDS else f"{text[:_SCHEMA_WORDS]}…"
