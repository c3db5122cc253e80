"""Query's composition root: reads the environment, builds the adapters, keeps them while the environment lives."""

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from functions.adapters.aws_clients import CLIENT_CONFIG
from functions.adapters.database_login import password_source, secret_reader
from functions.adapters.event_histories import PostgresEventHistories
from functions.adapters.postgres import Database
from functions.adapters.reachability import PROBE_CONFIG, PostgresReachable, SqsReachable
from functions.adapters.s3 import S3Payloads
from functions.adapters.stored_events import PostgresStoredEvents
from functions.common import log
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.query.find import Finder
from functions.query.health import Health
from functions.query.listing import Lister
from functions.query.ports import Stopwatch
from functions.query.routes import Routes
from functions.query.settings import QuerySettings
from functions.query.timeline import Historian

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# A link names its host. Left to itself botocore names the one for all regions, which sends clients on to the bucket's
# region, where the signature, made for another host, is refused.
LINK_CONFIG = CLIENT_CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


@dataclass(frozen=True, kw_only=True)
class Query:
    """What one invocation needs."""

    routes: Routes
    metrics: Metrics
    stopwatch: Stopwatch = time.monotonic


@cache
def query() -> Query:
    """Built on the first request, reused while this execution environment lives."""
    settings = QuerySettings.from_environment()
    log.configure(Service.QUERY, settings.log_level)
    return build(settings)


def build(settings: QuerySettings) -> Query:
    """Put the function together. Nothing is connected and no client made before a request needs it."""

    @cache
    def sqs() -> "SQSClient":
        return boto3.client("sqs", config=PROBE_CONFIG)

    @cache
    def payloads() -> S3Payloads:
        return S3Payloads(boto3.client("s3", config=LINK_CONFIG), settings.payload_bucket)

    database = Database(settings, password_source(settings))
    cursor_key = secret_reader(settings.cursor_key_backend, settings.cursor_key_secret, field="key")
    stored = PostgresStoredEvents(database)
    return Query(
        routes=Routes(
            finder=Finder(events=stored, link=lambda reference: payloads().link(reference)),
            historian=Historian(histories=PostgresEventHistories(database)),
            lister=Lister(events=stored, cursor_key=lambda: cursor_key().encode()),
            health=Health(
                stack=settings.stack,
                version=settings.fluxa_version,
                settings_fingerprint=settings.settings_fingerprint,
                checks={"database": PostgresReachable(database), "queue": SqsReachable(sqs, settings.queue_url)},
                stopwatch=time.monotonic,
            ),
        ),
        metrics=Metrics(service=Service.QUERY, stack=settings.stack),
    )
