"""Reads a JSON body once, keeps the text of every member, and refuses what PostgreSQL could not store unchanged.

The payload must reach the table byte for byte, so it is cut out of the body, never parsed and written again.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from functions.common.errors import FieldProblem, MalformedJson

MAX_DEPTH = 64
"""Levels of arrays and objects a payload may nest; far above real data, far below any parser's stack."""

_WHITESPACE = re.compile(r"[ \t\n\r]*")
# A number that may exceed a double needs 150 digits or an exponent of three digits; all others skip the slow reader.
# Looking for fixed bytes after one translation is an order of magnitude faster than a pattern with character classes.
_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
_HUGE_SHAPES = (b"e000", b"e+000", b"0" * 150)
_MAYBE_FORBIDDEN = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
# In order: a surrogate pair, which is fine; what is forbidden; any other escape, so that "\\u0000" is read right.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\(u0000|u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_NO_BRACKET = re.compile(r"[^\[\]{}]+")


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a JSON object: its value, and its text exactly as it was sent."""

    value: Any
    text: str


def decode_text(body: bytes) -> str:
    """Return the body as text.

    Raises:
        MalformedJson: It is empty or not UTF-8.
    """
    if not body:
        raise MalformedJson("The body is empty; send JSON.")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedJson(f"The body is not UTF-8 at byte {error.start}.") from None


def read_object(body: bytes) -> dict[str, Member]:
    """Read a JSON object and return its members.

    Raises:
        MalformedJson: It is not a JSON object, or it holds what PostgreSQL cannot store.
    """
    text = decode_text(body)
    members, end = read_members(decoder_for(body), text, skip_space(text, 0))
    expect_end(text, end)
    refuse_unstorable(text)
    return members


def read_members(decoder: json.JSONDecoder, text: str, position: int) -> tuple[dict[str, Member], int]:
    """Read the JSON object at a position; return its members and where it ends.

    Raises:
        MalformedJson: There is no JSON object there, or it names a field twice.
    """
    if text[position : position + 1] != "{":
        raise MalformedJson("An event must be a JSON object: it must start with {.")
    members: dict[str, Member] = {}
    position = skip_space(text, position + 1)
    if text[position : position + 1] != "}":
        while True:
            name, member, position = _read_member(decoder, text, position)
            if name in members:
                raise MalformedJson(
                    "A field appears twice.", problems=[FieldProblem(field=name, message="Appears more than once.")]
                )
            members[name] = member
            if text[position : position + 1] == "}":
                break
            position = skip_space(text, expect(",", text, position))
    return members, position + 1


def read_value(body: bytes) -> Member:
    """Read a body that is one JSON value of any kind.

    Raises:
        MalformedJson: It is not one, or it holds what PostgreSQL cannot store.
    """
    text = decode_text(body)
    start = skip_space(text, 0)
    value, end = _read(decoder_for(body), text, start)
    expect_end(text, end)
    refuse_unstorable(text)
    return Member(value, text[start:end])


def refuse_unstorable(text: str) -> None:
    """Refuse escapes that are JSON but not text: NUL, and halves of surrogate pairs.

    Raises:
        MalformedJson: The text, which must be valid JSON, holds one.
    """
    if _MAYBE_FORBIDDEN.search(text) is None:
        return
    for escape in _ESCAPE.finditer(text):
        if escape[1]:
            raise MalformedJson(
                f"The escape \\{escape[1]} at character {escape.start()} cannot be stored: "
                "NUL and lone surrogates are not text."
            )


def refuse_deep(name: str, text: str) -> None:
    """Refuse a value nested beyond `MAX_DEPTH` levels.

    Raises:
        MalformedJson: The text, which must be valid JSON, is nested too deeply.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = deepest = 0
    for bracket in _NO_BRACKET.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        _too_deep(name)


def _too_deep(name: str) -> NoReturn:
    message = f"Nested more than {MAX_DEPTH} levels deep."
    raise MalformedJson("The JSON is nested too deeply.", problems=[FieldProblem(field=name, message=message)])


def _read_member(decoder: json.JSONDecoder, text: str, position: int) -> tuple[str, Member, int]:
    if text[position : position + 1] != '"':
        raise MalformedJson(f"Expected a field name in double quotes at character {position}.")
    name, position = _read(decoder, text, position)
    start = skip_space(text, expect(":", text, skip_space(text, position)))
    value, end = _read(decoder, text, start)
    return name, Member(value, text[start:end]), skip_space(text, end)


def _read(decoder: json.JSONDecoder, text: str, position: int) -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        _too_deep("body")


def skip_space(text: str, position: int) -> int:
    """Return the first position, from the given one on, that holds no white space."""
    match = _WHITESPACE.match(text, position)
    return match.end() if match else position


def expect(character: str, text: str, position: int) -> int:
    """Return the position behind a character that must be there.

    Raises:
        MalformedJson: Another one is.
    """
    if text[position : position + 1] != character:
        raise MalformedJson(f"Expected {character!r} at character {position}.")
    return position + 1


def expect_end(text: str, position: int) -> None:
    """Refuse anything but white space from a position on.

    Raises:
        MalformedJson: There is something else.
    """
    position = skip_space(text, position)
    if position != len(text):
        raise MalformedJson(f"Unexpected text after the JSON value at character {position}.")


def decoder_for(body: bytes) -> json.JSONDecoder:
    """Return a strict decoder for this body: the one that looks at each number only when one may be too large."""
    shape = body.translate(_SHAPE)
    return _CAREFUL if any(huge in shape for huge in _HUGE_SHAPES) else _PLAIN


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedJson("A number is too large: it must fit an IEEE 754 double.")
    return number


def _finite_integer(text: str) -> int:
    _finite(text)
    return int(text)


_PLAIN = json.JSONDecoder(parse_constant=_refuse_constant)
_CAREFUL = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, parse_int=_finite_integer)
