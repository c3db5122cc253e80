"""`DELETE /users/{user_id}/events` and `GET /erasures/{erasure_id}`: what the API asks of maintenance."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pydantic import TypeAdapter, ValidationError

from functions.common.errors import ErasureNotFound, FieldProblem, FluxaError, MalformedRequest, RouteNotFound, code_of
from functions.common.events import Text
from functions.common.http import RETRY_AFTER_SECONDS, Request, json_response, problem_response
from functions.common.identifiers import IDENTIFIER_RULE, is_identifier
from functions.common.log import bound, get_logger
from functions.maintenance.erase import Eraser
from functions.maintenance.erasure import Erasure, OpenTables
from functions.maintenance.ports import SecondsLeft

CALL_SECONDS = 20.0
"""How long a call works: API Gateway gives up after 29 seconds, and what is under way must end before."""

USER_ID_RULE = "1 to 255 characters, none of them a control character, percent-encoded as UTF-8"

_USER_ID: TypeAdapter[str] = TypeAdapter(Text)

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class ErasureCalls:
    """Answers API Gateway."""

    tables: OpenTables
    eraser: Eraser
    clock: Callable[[], float] = time.monotonic

    def answer(self, event: dict[str, Any], seconds_left: SecondsLeft) -> dict[str, Any]:
        """Answer one request; what goes wrong becomes a problem document."""
        end = self.clock() + CALL_SECONDS
        request = Request.from_event(event)
        with bound(correlation_id=request.correlation_id):
            try:
                return self._serve(request, lambda: min(seconds_left(), end - self.clock()))
            except Exception as error:
                # The route and not the path, which names the user.
                facts = {"route": request.resource, "method": request.method, "code": code_of(error)}
                if isinstance(error, FluxaError):
                    log.warning("erasure_call_failed", reason=str(error), **facts)
                else:
                    log.exception("erasure_call_failed", **facts)
                return problem_response(error, correlation_id=request.correlation_id)

    def _serve(self, request: Request, seconds_left: SecondsLeft) -> dict[str, Any]:
        parameters = request.path_parameters
        match (request.method, request.resource):
            case ("DELETE", "/users/{user_id}/events"):
                erasure = self._erase(read_user_id(parameters.get("user_id", "")), seconds_left)
                unfinished = erasure.completed_at is None
            case ("GET", "/erasures/{erasure_id}"):
                erasure = self._find(unquote(parameters.get("erasure_id", "")))
                unfinished = False
            case _:
                raise RouteNotFound(
                    "This function answers DELETE /users/{user_id}/events and GET /erasures/{erasure_id}."
                )
        return json_response(
            202 if unfinished else 200,
            erasure.receipt(),
            correlation_id=request.correlation_id,
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)} if unfinished else None,
        )

    def _erase(self, user_id: str, seconds_left: SecondsLeft) -> Erasure:
        with self.tables() as tables:
            begun = tables.records.begin(user_id)
            log.info("erasure_requested", erasure_id=begun.erasure_id)
            self.eraser.work(tables.traces, [begun], seconds_left)
            return tables.records.find(begun.erasure_id) or begun

    def _find(self, erasure_id: str) -> Erasure:
        if not is_identifier(erasure_id):
            problem = FieldProblem(field="erasure_id", message=f"Must be {IDENTIFIER_RULE}.")
            raise MalformedRequest("The path names an id that no erasure can have.", problems=[problem])
        with self.tables() as tables:
            erasure = tables.records.find(erasure_id)
        if erasure is None:
            raise ErasureNotFound("There was never an erasure with this id; DELETE /users/{user_id}/events begins one.")
        return erasure


def read_user_id(raw: str) -> str:
    """Return the user's id from the path, in which API Gateway leaves it percent-encoded.

    Raises:
        MalformedRequest: No event can have this user_id.
    """
    try:
        # Strictly: a byte that is no UTF-8 must not become another user's replacement character.
        return _USER_ID.validate_python(unquote(raw, errors="strict"), strict=True)
    except (UnicodeDecodeError, ValidationError):
        problem = FieldProblem(field="user_id", message=f"Must be {USER_ID_RULE}.")
        raise MalformedRequest("The path names a user_id that no event can have.", problems=[problem]) from None
