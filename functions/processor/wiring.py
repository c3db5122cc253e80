"""The processor's composition root: reads the environment, builds what is needed, keeps it for the next batch."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import boto3

from functions.adapters.aws_clients import CLIENT_CONFIG
from functions.adapters.database_login import password_source
from functions.adapters.event_store import PostgresEventStore
from functions.adapters.postgres import Database
from functions.adapters.s3 import S3Payloads
from functions.adapters.sqs_consumer import SqsSource
from functions.common import log
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.processor.batch import Batch
from functions.processor.failure import FailureDesk
from functions.processor.offloaded import OffloadedPayloads
from functions.processor.process import Processor
from functions.processor.registry import load_handlers, registry
from functions.processor.settings import ProcessorSettings


@dataclass(frozen=True, kw_only=True)
class Application:
    """What one invocation needs."""

    batch: Batch
    metrics: Metrics


@cache
def application() -> Application:
    """Built on the first batch, reused while this execution environment lives."""
    settings = ProcessorSettings.from_environment()
    log.configure(Service.PROCESSOR, settings.log_level)
    load_handlers()
    store = PostgresEventStore(Database(settings, password_source(settings)))
    metrics = Metrics(service=Service.PROCESSOR, stack=settings.stack)

    # A clean batch of inline events needs neither S3 nor SQS, so their clients wait until something does.
    @cache
    def payloads() -> S3Payloads:
        return S3Payloads(boto3.client("s3", config=CLIENT_CONFIG), settings.payload_bucket)

    @cache
    def queue() -> SqsSource:
        return SqsSource(
            boto3.client("sqs", config=CLIENT_CONFIG),
            queue_url=settings.queue_url,
            dead_letter_queue_url=settings.dead_letter_queue_url,
        )

    batch = Batch(
        processor=Processor(
            store=store,
            offloaded=OffloadedPayloads(store=payloads, handled_bytes_at_most=settings.handled_bytes_at_most),
            registry=registry,
        ),
        desk=FailureDesk(store=store, queue=queue, max_receive_count=settings.max_receive_count),
        metrics=metrics,
        clock=lambda: datetime.now(UTC),
        random=random.random,
    )
    return Application(batch=batch, metrics=metrics)
