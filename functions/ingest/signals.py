"""What operators are told: a line and a count for each request, and for each event of a batch that was turned away."""

from collections.abc import Sequence
from typing import Any

from functions.common.errors import FluxaError, PermanentError, code_of
from functions.common.log import get_logger
from functions.common.metrics import Metrics
from functions.common.names import MetricName
from functions.ingest.accept import Accepted
from functions.ingest.answers import ACCEPTED, FAILED, REJECTED, status_of
from functions.ingest.batch_accept import Place
from functions.ingest.uploading import Offered

log = get_logger()


def tell_accepted(accepted: Accepted, metrics: Metrics) -> None:
    """Log and count an event that is safe."""
    log.info(
        "event_accepted",
        event_id=accepted.event_id,
        payload_bytes=accepted.payload_bytes,
        storage="s3" if accepted.offloaded else "inline",
    )
    metrics.count(MetricName.EVENTS_ACCEPTED)
    if accepted.offloaded:
        metrics.count(MetricName.PAYLOADS_OFFLOADED)


def tell_offered(offered: Offered) -> None:
    """Log an upload that may now be made. The URL stays out: whoever reads logs shall not write payloads."""
    log.info("upload_offered", upload_id=offered.upload.upload_id, payload_bytes=offered.upload.bytes)


def tell_refused(error: Exception, metrics: Metrics, **which: Any) -> None:
    """Log and count a request, or one event of a batch, that was not accepted."""
    if isinstance(error, FluxaError):
        log.warning("event_not_accepted", code=error.code, reason=error.message, **which)
    else:
        log.error("event_failed_unexpectedly", exc_info=error, **which)
    metric = MetricName.EVENTS_REJECTED if isinstance(error, PermanentError) else MetricName.EVENTS_FAILED
    metrics.count(metric, reason=code_of(error))


def tell_batch(places: Sequence[Place], metrics: Metrics) -> None:
    """Log and count a batch, and by itself whatever of it was not accepted."""
    for index, place in enumerate(places):
        if place.error is not None:
            tell_refused(place.error, metrics, index=index, event_id=place.event_id)
    sent = [place.prepared for place in places if place.prepared is not None and place.error is None]
    offloaded = sum(prepared.offloaded is not None for prepared in sent)
    statuses = [status_of(place) for place in places]
    log.info(
        "batch_accepted",
        events=len(places),
        sent=len(sent),
        **{status: statuses.count(status) for status in (ACCEPTED, REJECTED, FAILED)},
        payload_bytes=sum(prepared.envelope.payload_bytes for prepared in sent),
        offloaded=offloaded,
    )
    if sent:
        # A message each: what a batch names twice is one event, whatever its answer says.
        metrics.count(MetricName.EVENTS_ACCEPTED, len(sent))
    if offloaded:
        metrics.count(MetricName.PAYLOADS_OFFLOADED, offloaded)
