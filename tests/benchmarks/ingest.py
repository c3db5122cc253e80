"""Ingest: its whole handler over the least that any service written with pydantic must do with the same body."""

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic import BaseModel

from components.settings import IngestSettings
from functions.common.envelope import MessageAttributes
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.common.uploads import UploadReference
from functions.ingest.accept import Acceptor
from functions.ingest.handler import handle
from functions.ingest.ports import Offer, OutgoingMessage
from functions.ingest.wiring import Ingest
from tests.benchmarks.effort import Effort
from tests.benchmarks.examples import request_body
from tests.benchmarks.quiet import running_as
from tests.benchmarks.report import Report
from tests.benchmarks.timing import compare, repeated
from tests.support.ingest_fakes import a_request

SIZES = {"1kb": 1_000, "10kb": 10_000, "250kb": 250_000}

BYTES_PER_SAMPLE = 400_000
"""Several milliseconds of work whatever the size."""

WITHIN_SECONDS = 20.0
"""What a request has, nothing of which is used here."""


class FloorEvent(BaseModel):
    """The event as a model without any rules."""

    type: str
    source: str
    user_id: str
    occurred_at: datetime
    payload: dict[str, Any]


class Void:
    """Queue and bucket; keeps nothing, so that only ingest's own work is measured."""

    bucket = "bench-payloads"

    def send(self, body: str, attributes: MessageAttributes) -> None:
        """Acknowledge."""

    def send_many(self, messages: Sequence[OutgoingMessage], *, within_seconds: float) -> list[Exception | None]:
        """Acknowledge."""
        return [None] * len(messages)

    def put_new(self, key: str, body: bytes, sha256: str) -> None:
        """Acknowledge."""

    def take(self, upload: UploadReference, key: str) -> None:
        """Acknowledge."""

    def offer(self, upload: UploadReference) -> Offer:
        """Refuse; nothing is uploaded here."""
        raise NotImplementedError


def measure(effort: Effort, report: Report) -> None:
    """Add ingest's figures, which count the processor's time and not the machine's."""
    app = _ingest()
    with running_as(Service.INGEST):
        for name, size in SIZES.items():
            body = request_body(size)
            request = a_request(body)
            answer = handle(request, app, within_seconds=WITHIN_SECONDS)
            if answer["statusCode"] != 202:
                raise AssertionError(f"ingest refused the event: {answer['body']}")
            times = max(1, BYTES_PER_SAMPLE // size)
            whole = partial(handle, request, app, within_seconds=WITHIN_SECONDS)
            work = repeated(whole, times=times, clock=time.thread_time)
            floor = repeated(partial(_floor, body), times=times, clock=time.thread_time)
            report.ratio(f"ingest_vs_floor_{name}", compare(work, over=floor, pairs=effort.request_pairs))


def _floor(body: str) -> tuple[str, str]:
    event = FloorEvent.model_validate_json(body)
    return hashlib.sha256(body.encode()).hexdigest(), event.model_dump_json()


def _ingest() -> Ingest:
    """Put ingest together as its wiring does, with the limit of a stack that sets none."""
    void = Void()
    acceptor = Acceptor(
        queue=void,
        payloads=void,
        uploads=void,
        clock=lambda: datetime.now(UTC),
        inline_limit_bytes=IngestSettings().inline_limit_bytes,
    )
    return Ingest(acceptor=acceptor, metrics=Metrics(service=Service.INGEST, stack="bench"))
