"""Ingest's composition root: reads the environment, builds the clients, keeps them while the environment lives."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal

import boto3

from functions.adapters.aws_clients import CLIENT_CONFIG
from functions.adapters.s3 import S3Payloads
from functions.adapters.sqs import SqsQueue
from functions.adapters.uploads import UPLOAD_CONFIG, S3Uploads
from functions.common import log
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.common.schema_versions import SCHEMAS_FOLDER
from functions.ingest.accept import Acceptor
from functions.ingest.schemas import SchemaGate, Schemas
from functions.ingest.settings import IngestSettings


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """What one invocation needs."""

    acceptor: Acceptor
    metrics: Metrics


@cache
def ingest() -> Ingest:
    """Built on the first request, reused while this execution environment lives."""
    settings = IngestSettings.from_environment()
    log.configure(Service.INGEST, settings.log_level)
    metrics = Metrics(service=Service.INGEST, stack=settings.stack)
    return Ingest(
        acceptor=Acceptor(
            queue=SqsQueue(boto3.client("sqs", config=CLIENT_CONFIG), settings.queue_url),
            payloads=S3Payloads(boto3.client("s3", config=CLIENT_CONFIG), settings.payload_bucket),
            uploads=S3Uploads(lambda: boto3.client("s3", config=UPLOAD_CONFIG), settings.payload_bucket),
            clock=lambda: datetime.now(UTC),
            inline_limit_bytes=settings.inline_limit_bytes,
            gate=_gate(settings.schema_mode, metrics),
        ),
        metrics=metrics,
    )


def _gate(mode: Literal["off", "warn", "enforce"], metrics: Metrics) -> SchemaGate | None:
    return None if mode == "off" else SchemaGate(mode=mode, schemas=Schemas(SCHEMAS_FOLDER), metrics=metrics)
