"""The correlation id: one word by which an event is followed from the response to the row."""

from functions.common.identifiers import is_identifier, new_id


def correlation_id_from(candidate: str | None) -> str:
    """Return the client's id when it is well-formed, and a new one otherwise.

    A malformed id is replaced, not refused: tracing must never be the reason that an event is turned away.
    """
    if candidate is not None and is_identifier(candidate):
        return candidate
    return new_id()
