"""Reading the query string of `GET /events`: every parameter that is wrong is named, all at once."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.common.errors import FieldProblem, MalformedRequest
from functions.common.events import parse_timestamp
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier
from functions.common.names import EventStatus
from functions.query.ports import EventFilters, Order

LIMIT_DEFAULT = 50
LIMIT_MAX = 1000
"""Events on one page. The answer stays within Lambda's 6 MB by cutting the page, not by this figure."""

TEXT_MAX_LENGTH = 255
"""Characters of a filter; no field that it is compared with is longer."""

_LIMIT = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRequest:
    """One `GET /events`, read and checked; the cursor is still the client's text."""

    filters: EventFilters
    order: Order = Order.NEWEST
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


def read_parameters(query: Mapping[str, Sequence[str]]) -> ListRequest:
    """Read the query string.

    Raises:
        MalformedRequest: Names every parameter that is unknown, repeated, empty or not valid.
    """
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, given in query.items():
        try:
            values[name] = _read(name, given)
        except ValueError as error:
            problems.append(FieldProblem(field=name, message=_sentence(str(error))))
    received_from, received_before = values.get("from"), values.get("to")
    if received_from and received_before and received_from >= received_before:
        problems.append(FieldProblem(field="from", message="Must be earlier than to: the list would always be empty."))
    if problems:
        count = f"{len(problems)} query parameter{' is' if len(problems) == 1 else 's are'}"
        raise MalformedRequest(f"{count} not valid.", problems=problems)
    return _list_request(values)


def _list_request(values: Mapping[str, Any]) -> ListRequest:
    return ListRequest(
        filters=EventFilters(
            status=values.get("status", EventStatus.COMPLETED),
            type=values.get("type"),
            source=values.get("source"),
            user_id=values.get("user_id"),
            correlation_id=values.get("correlation_id"),
            received_from=values.get("from"),
            received_before=values.get("to"),
        ),
        order=values.get("order", Order.NEWEST),
        limit=values.get("limit", LIMIT_DEFAULT),
        cursor=values.get("cursor"),
    )


def _read(name: str, given: Sequence[str]) -> object:
    reader = _READERS.get(name)
    if reader is None:
        raise ValueError(f"is not a parameter of this call; known are {', '.join(sorted(_READERS))}")
    if len(given) != 1:
        raise ValueError(f"must be given once, not {len(given)} times")
    if not given[0]:
        raise ValueError("must not be empty; leave the parameter out instead")
    return reader(given[0])


def _text(text: str) -> str:
    # PostgreSQL stores neither NUL nor half a surrogate pair, so asking for them would be an error there, not a miss.
    if len(text) > TEXT_MAX_LENGTH or "\x00" in text or not _is_unicode(text):
        raise ValueError(f"must be at most {TEXT_MAX_LENGTH} characters, without NUL")
    return text


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _identifier(text: str) -> str:
    if not is_identifier(text):
        raise ValueError(f"must be {IDENTIFIER_RULE}")
    return text


def _limit(text: str) -> int:
    if not _LIMIT.fullmatch(text) or int(text) > LIMIT_MAX:
        raise ValueError(f"must be a whole number from 1 to {LIMIT_MAX}")
    return int(text)


def _status(text: str) -> EventStatus:
    try:
        return EventStatus(text)
    except ValueError:
        raise ValueError(f"must be one of {', '.join(EventStatus)}") from None


def _order(text: str) -> Order:
    try:
        return Order(text)
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Order)}") from None


def _timestamp(text: str) -> datetime:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        # The commonest slip: `+` means a space in a query string, so an offset arrives without its sign.
        hint = "; write the + of an offset as %2B" if " " in text else ""
        raise ValueError(f"{error}{hint}") from None


_READERS: dict[str, Callable[[str], object]] = {
    "user_id": _text,
    "type": _text,
    "source": _text,
    "correlation_id": _identifier,
    "status": _status,
    "from": _timestamp,
    "to": _timestamp,
    "order": _order,
    "limit": _limit,
    "cursor": str,  # Checked by whoever holds the key.
}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
