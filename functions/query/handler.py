"""`GET /events`, one event, its timeline, and `GET /health`: API Gateway's shape in, API Gateway's shape out."""

from typing import Any

from functions.common.errors import FluxaError, code_of
from functions.common.http import Request, json_response, problem_response
from functions.common.log import bound, get_logger
from functions.common.names import MetricName
from functions.query import wiring

log = get_logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return handle(event, wiring.query())


def handle(event: dict[str, Any], app: "wiring.Query") -> dict[str, Any]:
    """Answer one request; what goes wrong becomes a problem document. One log line and one count either way."""
    request = Request.from_event(event)
    started = app.stopwatch()
    with bound(correlation_id=request.correlation_id):
        error: Exception | None = None
        try:
            response, failure = _serve(request, app)
        except Exception as caught:  # noqa: BLE001 - the outermost edge: the client gets a problem document, we the cause
            response, failure, error = (
                problem_response(caught, correlation_id=request.correlation_id),
                code_of(caught),
                caught,
            )
        _record(request, response["statusCode"], failure, error, app.stopwatch() - started)
        if failure is None:
            app.metrics.count(MetricName.QUERIES_SERVED)
        else:
            app.metrics.count(MetricName.QUERIES_FAILED, reason=failure)
        app.metrics.flush()
    return response


def _serve(request: Request, app: "wiring.Query") -> tuple[dict[str, Any], str | None]:
    answer = app.routes.answer(request)
    response = json_response(answer.status, answer.text, correlation_id=request.correlation_id, headers=answer.headers)
    return response, answer.failure


def _record(request: Request, status: int, failure: str | None, error: Exception | None, seconds: float) -> None:
    facts: dict[str, Any] = {"route": request.resource, "status": status, "milliseconds": round(seconds * 1000, 1)}
    if failure is None:
        log.info("query_served", **facts)
    elif error is None or isinstance(error, FluxaError):
        log.warning("query_failed", code=failure, reason=str(error or ""), **facts)
    else:
        log.error("query_failed", code=failure, exc_info=error, **facts)
