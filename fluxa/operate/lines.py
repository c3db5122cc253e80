"""The lines of a file of events: read one by one, looked at once, and each given an id that a resend gives it again."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

from functions.common.identifiers import IDENTIFIER_RULE, is_identifier

LINE_LIMIT_BYTES = 5 * 1024 * 1024 - 1024
"""A batch may have 5 MiB and has at least one event; the rest is for brackets and an id."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SKIPPED_AT_ONCE_BYTES = 1024 * 1024
_REST_IS_EMPTY = re.compile(rb"\s*}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line with something on it."""

    number: int
    """From 1, as editors count."""
    end: int
    """Bytes up to and including the line."""
    event: bytes = b""
    """A JSON object with an id; empty when the line holds none."""
    reason: str | None = None
    """What is wrong with the line; None when it can be sent."""
    event_id: str | None = None


def read_lines(file: BinaryIO, *, seed: str, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """Read on from an offset, behind the line of that number; blank lines are left out.

    Args:
        file: Positioned at the offset.
        seed: What stands for this file: the ids of lines that bring none are made of it.
    """
    while text := file.readline(LINE_LIMIT_BYTES + 1):
        number += 1
        offset += len(text)
        if len(text) > LINE_LIMIT_BYTES:
            offset += _skip_line(file) if not text.endswith(b"\n") else 0
            yield Line(number=number, end=offset, reason=f"The line has more than {LINE_LIMIT_BYTES:,} bytes.")
            continue
        if number == 1:
            text = text.removeprefix(_BYTE_ORDER_MARK)
        text = text.strip()
        if text:
            yield _line(text, seed=seed, number=number, end=offset)


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while text := file.readline(_SKIPPED_AT_ONCE_BYTES):
        skipped += len(text)
        if text.endswith(b"\n"):
            break
    return skipped


def _line(text: bytes, *, seed: str, number: int, end: int) -> Line:
    try:
        event, event_id = _with_id(text, _read_object(text), seed=seed, number=number)
    except ValueError as error:
        return Line(number=number, end=end, reason=str(error))
    return Line(number=number, end=end, event=event, event_id=event_id)


def _read_object(text: bytes) -> dict[str, Any]:
    try:
        value = _DECODER.decode(text.decode())
    except UnicodeDecodeError as error:
        raise ValueError(f"The line is not UTF-8 at byte {error.start + 1}.") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"The line is not JSON: {error.msg} at column {error.colno}.") from None
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    if not isinstance(value, dict):
        raise ValueError("The line is JSON, but not an object: an event is written in braces.")  # noqa: TRY004 - as above
    return value


def _with_id(text: bytes, event: dict[str, Any], *, seed: str, number: int) -> tuple[bytes, str]:
    """Return the event with an id in it, and the id. The rest stays as it was written, to the letter.

    The id is made of the place and of the content: whatever becomes of the file, one id never stands for two contents.
    """
    # A CloudEvent brings its own id, or is refused by the API for lacking it.
    name = "id" if "specversion" in event and "event_id" not in event else "event_id"
    if name in event:
        given = event[name]
        if not isinstance(given, str) or not is_identifier(given):
            raise ValueError(f"{name} must be {IDENTIFIER_RULE}; leave it out to have one made.")
        return text, given
    if name == "id":
        raise ValueError("The CloudEvent has no id.")
    event_id = hashlib.sha256(b"%s\n%d\n%s" % (seed.encode(), number, text)).hexdigest()[:32]
    comma = b"" if _REST_IS_EMPTY.fullmatch(text[1:]) else b","
    return b'{"event_id":"%s"%s%s' % (event_id.encode(), comma, text[1:]), event_id


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"The line is not JSON: {name} is no number there.")


# Numbers stay text: here they only have to be there, and a huge one must not cost its conversion.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=str, parse_float=str)
