"""`POST /events`, `POST /events/batch` and `POST /uploads`: API Gateway's shape in, API Gateway's shape out."""

from typing import Any, Protocol

from functions.common.http import Request, problem_response
from functions.common.log import bound
from functions.ingest import wiring
from functions.ingest.answers import batch_response, event_response
from functions.ingest.batch_reading import read_batch
from functions.ingest.reading import read_event
from functions.ingest.signals import tell_accepted, tell_batch, tell_offered, tell_refused
from functions.ingest.uploading import offer_response, read_content

BATCH_RESOURCE = "/events/batch"
UPLOADS_RESOURCE = "/uploads"

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
    """Answer one request: 202 once the event is safe, 207 for a batch, 201 for an upload, or a problem document."""
    request = Request.from_event(event)
    with bound(correlation_id=request.correlation_id):
        try:
            if request.resource == UPLOADS_RESOURCE:
                return _offer_upload(request, app)
            if request.resource == BATCH_RESOURCE:
                return _accept_batch(request, app, within_seconds)
            return _accept_event(request, app)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            tell_refused(error, app.metrics)
            return problem_response(error, correlation_id=request.correlation_id)
        finally:
            app.metrics.flush()


def _accept_event(request: Request, app: "wiring.Ingest") -> dict[str, Any]:
    accepted = app.acceptor.accept(read_event(request), correlation_id=request.correlation_id)
    tell_accepted(accepted, app.metrics)
    return event_response(accepted, correlation_id=request.correlation_id)


def _accept_batch(request: Request, app: "wiring.Ingest", within_seconds: float) -> dict[str, Any]:
    places = app.batches.accept(
        read_batch(request), correlation_id=request.correlation_id, within_seconds=within_seconds
    )
    tell_batch(places, app.metrics)
    return batch_response(places, correlation_id=request.correlation_id)


def _offer_upload(request: Request, app: "wiring.Ingest") -> dict[str, Any]:
    offered = app.uploader.offer(read_content(request))
    tell_offered(offered)
    return offer_response(offered, correlation_id=request.correlation_id)
