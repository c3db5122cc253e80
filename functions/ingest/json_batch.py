"""Reads a body that holds many JSON objects, so that what is wrong with one of them stays its own affair.

An array is read in one pass. What cannot be read strictly is stepped over, which takes no more than knowing where it
ends: a number too large or a field named twice costs one item, a missing bracket the whole body.
"""

import io
import json
import re
from collections.abc import Iterator

from functions.common.errors import MalformedJson, MalformedRequest, PayloadTooLarge
from functions.ingest.strict_json import (
    Member,
    decode_text,
    decoder_for,
    expect,
    expect_end,
    read_members,
    read_object,
    refuse_unstorable,
    skip_space,
)

EVENTS_AT_MOST = 500
"""Fifty calls to SQS; the answer names each one, and has to fit Lambda's 6 MB as well."""

Item = dict[str, Member] | MalformedJson
"""An object's members, or what is wrong with the text in its place."""

# Takes all that is JSON by its shape, and more: it only has to find the end, and converts no number to do so.
_LENIENT = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
_STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def read_array(body: bytes) -> Iterator[Item]:
    """Read the objects in a JSON array one by one, so that no more than one is held in memory as values.

    Raises:
        MalformedJson: The body is not a JSON array.
        MalformedRequest: The array is empty.
        PayloadTooLarge: It has more than `EVENTS_AT_MOST` elements.
    """
    text = decode_text(body)
    decoder = decoder_for(body)
    position = skip_space(text, 0)
    if text[position : position + 1] != "[":
        raise MalformedJson("A batch must be a JSON array: it must start with [.")
    position = skip_space(text, position + 1)
    if text[position : position + 1] == "]":
        raise _empty()
    for _ in range(EVENTS_AT_MOST):
        item, position = _read_item(decoder, text, position)
        yield item
        position = skip_space(text, position)
        if text[position : position + 1] == "]":
            return expect_end(text, position + 1)
        position = skip_space(text, expect(",", text, position))
    raise _too_many()


def read_lines(body: bytes) -> Iterator[Item]:
    """Read newline-delimited JSON: an object a line, blank lines left out. Whatever is wrong with a line is its own.

    Raises:
        MalformedRequest: There is no line.
        PayloadTooLarge: There are more than `EVENTS_AT_MOST` lines.
    """
    number = 0
    for number, line in enumerate((line for line in io.BytesIO(body) if not line.isspace()), start=1):
        if number > EVENTS_AT_MOST:
            raise _too_many()
        try:
            yield read_object(line)
        except MalformedJson as error:
            yield error
    if number == 0:
        raise _empty()


def _too_many() -> PayloadTooLarge:
    return PayloadTooLarge(f"The batch has more than {EVENTS_AT_MOST} events; send the rest in another one.")


def _empty() -> MalformedRequest:
    return MalformedRequest(f"The batch is empty; send 1 to {EVENTS_AT_MOST} events.")


def _read_item(decoder: json.JSONDecoder, text: str, start: int) -> tuple[Item, int]:
    try:
        members, end = read_members(decoder, text, start)
        refuse_unstorable(text[start:end])
    except MalformedJson as error:
        return error, _end_of(text, start)
    return members, end


def _end_of(text: str, start: int) -> int:
    """Return where the value at `start` ends.

    Raises:
        MalformedJson: It is not JSON, so nobody can tell.
    """
    try:
        return _LENIENT.raw_decode(text, start)[1]
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        return _end_of_deep(text, start)


def _end_of_deep(text: str, start: int) -> int:
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text, start):
        if found[0] in {"[", "{"}:
            depth += 1
        elif found[0] in {"]", "}"}:
            depth -= 1
            if depth == 0:
                return found.end()
    raise MalformedJson("The JSON is nested too deeply, and ends before its brackets do.")
