"""`POST /events`, `POST /events/batch` and `POST /uploads`: API Gateway's shape in, API Gateway's shape out."""

from typing import Any, Protocol

from functions.common.http import Request, problem_response
from functions.common.log import bound
from functions.ingest import wiring
from functions.ingest.routes import answer
from functions.ingest.signals import tell_refused

ANSWER_SECONDS = 2.0
"""Kept back from what the invocation has left, to write the answer in: a time-out would tell the client nothing."""


class LambdaContext(Protocol):
    """What we use of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds until this invocation is cut off."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    app = wiring.ingest()
    return handle(event, app, within_seconds=context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS)


def handle(event: dict[str, Any], app: "wiring.Ingest", *, within_seconds: float) -> dict[str, Any]:
    """Answer one request, with a problem document whatever goes wrong."""
    request = Request.from_event(event)
    with bound(correlation_id=request.correlation_id):
        try:
            return answer(request, app.acceptor, app.metrics, within_seconds=within_seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            tell_refused(error, app.metrics)
            return problem_response(error, correlation_id=request.correlation_id)
        finally:
            app.metrics.flush()
