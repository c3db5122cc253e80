"""Which of ingest's use cases answers a request."""

from typing import Any

from functions.common.http import Request
from functions.common.metrics import Metrics
from functions.ingest.accept import Acceptor
from functions.ingest.answers import batch_response, event_response
from functions.ingest.batch_accept import BatchAcceptor
from functions.ingest.batch_reading import read_batch
from functions.ingest.reading import read_event
from functions.ingest.signals import tell_accepted, tell_batch, tell_offered
from functions.ingest.uploading import Uploader, offer_response, read_content

BATCH_RESOURCE = "/events/batch"
UPLOADS_RESOURCE = "/uploads"


def answer(request: Request, acceptor: Acceptor, metrics: Metrics, *, within_seconds: float) -> dict[str, Any]:
    """Answer 202 once the event is safe, 207 for a batch, 201 for an upload that may be made.

    Raises:
        Exception: Whatever keeps the request as a whole from being answered so.
    """
    if request.resource == UPLOADS_RESOURCE:
        return _offer_upload(request, acceptor)
    if request.resource == BATCH_RESOURCE:
        return _accept_batch(request, acceptor, metrics, within_seconds)
    return _accept_event(request, acceptor, metrics)


def _accept_event(request: Request, acceptor: Acceptor, metrics: Metrics) -> dict[str, Any]:
    accepted = acceptor.accept(read_event(request), correlation_id=request.correlation_id)
    tell_accepted(accepted, metrics)
    return event_response(accepted, correlation_id=request.correlation_id)


def _accept_batch(request: Request, acceptor: Acceptor, metrics: Metrics, within_seconds: float) -> dict[str, Any]:
    places = BatchAcceptor(acceptor=acceptor).accept(
        read_batch(request), correlation_id=request.correlation_id, within_seconds=within_seconds
    )
    tell_batch(places, metrics)
    return batch_response(places, correlation_id=request.correlation_id)


def _offer_upload(request: Request, acceptor: Acceptor) -> dict[str, Any]:
    offered = Uploader(uploads=acceptor.uploads, clock=acceptor.clock).offer(read_content(request))
    tell_offered(offered)
    return offer_response(offered, correlation_id=request.correlation_id)
