"""`POST /events` and `POST /events/batch`: API Gateway's shape in, API Gateway's shape out."""

from collections.abc import Sequence
from typing import Any, Protocol

from functions.common.errors import FluxaError, PermanentError, code_of
from functions.common.http import Request, json_response, problem_response
from functions.common.log import bound, get_logger
from functions.common.names import MetricName
from functions.ingest import wiring
from functions.ingest.batch_accept import Place
from functions.ingest.batch_answer import batch_response, status_of
from functions.ingest.batch_reading import read_batch
from functions.ingest.reading import read_event

BATCH_RESOURCE = "/events/batch"

ANSWER_SECONDS = 2.0
"""Kept back from what the invocation has left, to write the answer in: a time-out would tell the client nothing."""

log = get_logger()


class LambdaContext(Protocol):
    """What we use of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds until this invocation is cut off."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda's entry point."""
    app = wiring.ingest()
    return handle(event, app, within_seconds=context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS)


def handle(event: dict[str, Any], app: "wiring.Ingest", *, within_seconds: float) -> dict[str, Any]:
    """Answer one request: 202 once the event is safe, 207 for a batch, or a problem document."""
    request = Request.from_event(event)
    with bound(correlation_id=request.correlation_id):
        try:
            if request.resource == BATCH_RESOURCE:
                return _accept_batch(request, app, within_seconds)
            return _accept(request, app)
        except FluxaError as error:
            _note(error, app)
            return problem_response(error, correlation_id=request.correlation_id)
        except Exception as error:
            log.exception("event_failed_unexpectedly")
            app.metrics.count(MetricName.EVENTS_FAILED, reason=code_of(error))
            return problem_response(error, correlation_id=request.correlation_id)
        finally:
            app.metrics.flush()


def _accept(request: Request, app: "wiring.Ingest") -> dict[str, Any]:
    accepted = app.acceptor.accept(read_event(request), correlation_id=request.correlation_id)
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


def _accept_batch(request: Request, app: "wiring.Ingest", within_seconds: float) -> dict[str, Any]:
    places = app.batches.accept(
        read_batch(request), correlation_id=request.correlation_id, within_seconds=within_seconds
    )
    for index, place in enumerate(places):
        if place.error is not None:
            _note(place.error, app, index=index, event_id=place.event_id)
    _sum_up(places, app)
    return batch_response(places, correlation_id=request.correlation_id)


def _note(error: Exception, app: "wiring.Ingest", **which: Any) -> None:
    """Log and count one event, or one request, that was not accepted."""
    metric = MetricName.EVENTS_REJECTED if isinstance(error, PermanentError) else MetricName.EVENTS_FAILED
    if isinstance(error, FluxaError):
        log.warning("event_not_accepted", code=error.code, reason=error.message, **which)
    else:
        log.error("event_failed_unexpectedly", exc_info=error, **which)
    app.metrics.count(metric, reason=code_of(error))


def _sum_up(places: Sequence[Place], app: "wiring.Ingest") -> None:
    sent = [place.prepared for place in places if place.prepared is not None and place.is_sent]
    offloaded = sum(prepared.offloaded is not None for prepared in sent)
    statuses = [status_of(place) for place in places]
    log.info(
        "batch_accepted",
        events=len(places),
        sent=len(sent),
        **{status: statuses.count(status) for status in ("accepted", "rejected", "failed")},
        payload_bytes=sum(prepared.envelope.payload_bytes for prepared in sent),
        offloaded=offloaded,
    )
    if sent:
        # A message each: what a batch names twice is one event, whatever its answer says.
        app.metrics.count(MetricName.EVENTS_ACCEPTED, len(sent))
    if offloaded:
        app.metrics.count(MetricName.PAYLOADS_OFFLOADED, offloaded)
