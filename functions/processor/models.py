"""Payloads as the models that users' handlers declare."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import psycopg
from pydantic import BaseModel, ValidationError

from functions.common.errors import FieldProblem, PayloadUnfit
from functions.processor.event import Event

PROBLEMS_NAMED = 5
"""In the reason of a dead letter, which has a thousand characters."""

Model = TypeVar("Model", bound=BaseModel)


def reading(
    model: type[Model], handler: Callable[[Event, psycopg.Connection[Any], Model], None]
) -> Callable[[Event, psycopg.Connection[Any]], None]:
    """Return a handler that reads the payload as the model before it calls the one that wants it."""

    @wraps(handler)
    def read_and_handle(event: Event, connection: psycopg.Connection[Any]) -> None:
        handler(event, connection, read_payload(model, event))

    return read_and_handle


def read_payload(model: type[Model], event: Event) -> Model:
    """Return the event's payload as a model, in the version that the handler asked for.

    Raises:
        PayloadUnfit: It does not fit; names the fields and never their values.
    """
    try:
        # From the text, so that a strict model takes times and ids, which JSON writes as strings.
        return model.model_validate_json(event.payload_json or event.payload_text)
    except ValidationError as error:
        problems = [
            FieldProblem(field=_path(item["loc"]), message=item["msg"])
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]
    named = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:PROBLEMS_NAMED])
    more = f"; and {len(problems) - PROBLEMS_NAMED} more" if len(problems) > PROBLEMS_NAMED else ""
    raise PayloadUnfit(f"The payload is no {model.__name__}: {named}{more}.", problems=problems)


def _path(location: tuple[int | str, ...]) -> str:
    return "payload" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
