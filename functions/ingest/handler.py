"""`POST /events`: API Gateway's shape in, API Gateway's shape out."""

from typing import Any

from functions.common.errors import FluxaError, PermanentError, code_of
from functions.common.http import Request, json_response, problem_response
from functions.common.log import bound, get_logger
from functions.common.names import MetricName
from functions.ingest import wiring
from functions.ingest.reading import read_event

log = get_logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Lambda's entry point."""
    return handle(event, wiring.ingest())


def handle(event: dict[str, Any], app: "wiring.Ingest") -> dict[str, Any]:
    """Answer one request: 202 once the event is safe, or a problem document."""
    request = Request.from_event(event)
    with bound(correlation_id=request.correlation_id):
        try:
            return _accept(request, app)
        except FluxaError as error:
            metric = MetricName.EVENTS_REJECTED if isinstance(error, PermanentError) else MetricName.EVENTS_FAILED
            log.warning("event_not_accepted", code=error.code, reason=error.message)
            app.metrics.count(metric, reason=error.code)
            return problem_response(error, correlation_id=request.correlation_id)
        except Exception as error:
            log.exception("event_failed_unexpectedly")
            app.metrics.count(MetricName.EVENTS_FAILED, reason=code_of(error))
            return problem_response(error, correlation_id=request.correlation_id)
        finally:
            app.metrics.flush()


def _accept(request: Request, app: "wiring.Ingest") -> dict[str, Any]:
    event = read_event(request)
    if app.gate is not None:
        app.gate.check(event)
    accepted = app.acceptor.accept(event, correlation_id=request.correlation_id)
    log.info(
        "event_accepted",
        event_id=accepted.event_id,
        payload_bytes=accepted.payload_bytes,
        storage="s3" if accepted.offloaded else "inline",
    )
    app.metrics.count(MetricName.EVENTS_ACCEPTED)
    if accepted.offloaded:
        app.metrics.count(MetricName.PAYLOADS_OFFLOADED)
    body = {
        "event_id": accepted.event_id,
        "correlation_id": request.correlation_id,
        "status": "accepted",
        "status_url": f"/events/{accepted.event_id}",
    }
    return json_response(202, body, correlation_id=request.correlation_id)
