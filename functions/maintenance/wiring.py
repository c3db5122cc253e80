"""Maintenance's composition root: reads the environment, builds what is needed, keeps it for the next event."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import psycopg

from functions.adapters.aws_clients import CLIENT_CONFIG
from functions.adapters.database_login import password_source, secretsmanager_client, ssm_client
from functions.adapters.metric_sums import CloudWatchSums
from functions.adapters.parked_events import SqsParkedEvents
from functions.adapters.payload_erasure import S3PayloadErasure
from functions.adapters.payload_listing import S3Listing
from functions.adapters.payload_removal import S3Removal
from functions.adapters.postgres import connect, translate_errors
from functions.adapters.queue_depth import SqsDepth
from functions.adapters.secret_versions import SecretsManagerVersions
from functions.adapters.secrets import SecretsManagerField, SsmParameter
from functions.common import log
from functions.common.metrics import Metrics
from functions.common.names import DatabaseRole, Service
from functions.maintenance.erase import Eraser
from functions.maintenance.erasure import ErasureTables
from functions.maintenance.erasure_calls import ErasureCalls
from functions.maintenance.erasure_records import ErasureRecords
from functions.maintenance.erasure_sweep import ErasureSweep
from functions.maintenance.erasure_traces import ErasureTraces
from functions.maintenance.logins import Logins
from functions.maintenance.orphan_sweep import OrphanSweep
from functions.maintenance.reconcile import Reconciliation
from functions.maintenance.retention import Retention
from functions.maintenance.rotation import Rotation
from functions.maintenance.settings import MaintenanceSettings
from functions.maintenance.tasks import Maintenance

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, kw_only=True)
class Caretaker:
    """What one invocation needs."""

    maintenance: Maintenance
    rotation: Rotation
    erasure_calls: ErasureCalls
    metrics: Metrics


@dataclass(frozen=True)
class _Known:
    """A password that is about to be tried: there is no other to try after it."""

    value: str

    def __call__(self) -> str:
        return self.value

    def refresh(self) -> str:
        return self.value


@cache
def caretaker() -> Caretaker:
    """Built on the first event, reused while this execution environment lives."""
    settings = MaintenanceSettings.from_environment()
    log.configure(Service.MAINTENANCE, settings.log_level)
    return build(settings)


def build(settings: MaintenanceSettings) -> Caretaker:
    """Put the function together. Nothing is connected and no client made before an event needs it."""
    own_password = password_source(settings)

    @contextmanager
    def connection() -> Iterator[psycopg.Connection[Any]]:
        # Not `with connection:`, which would commit; in autocommit mode there is only closing to do.
        opened = connect(settings, own_password)
        try:
            yield opened
        finally:
            opened.close()

    def log_in(role: DatabaseRole, password: str) -> None:
        connect(settings.model_copy(update={"database_user": role.value}), _Known(password)).close()

    @cache
    def cloudwatch() -> "CloudWatchClient":
        return boto3.client("cloudwatch", config=CLIENT_CONFIG)

    @cache
    def sqs() -> "SQSClient":
        return boto3.client("sqs", config=CLIENT_CONFIG)

    @cache
    def s3() -> "S3Client":
        return boto3.client("s3", config=CLIENT_CONFIG)

    def tables_on(opened: psycopg.Connection[Any]) -> ErasureTables:
        return ErasureTables(
            records=ErasureRecords(connection=opened, watch_days=settings.message_lifetime_days),
            traces=ErasureTraces(connection=opened),
        )

    @contextmanager
    def tables() -> Iterator[ErasureTables]:
        # A caller of the API is told what may work later; a task fails with the driver's own words.
        with translate_errors(), connection() as opened:
            yield tables_on(opened)

    secrets = _secrets(settings)
    metrics = Metrics(service=Service.MAINTENANCE, stack=settings.stack)
    eraser = Eraser(
        dead_letters=SqsParkedEvents(sqs, settings.dead_letter_queue_url),
        payloads=S3PayloadErasure(s3, settings.payload_bucket),
        metrics=metrics,
    )
    maintenance = Maintenance(
        connect=connection,
        metrics=metrics,
        logins=Logins(backend=settings.login_backend, passwords=_passwords(settings, secrets)),
        retention=Retention(days=settings.retention_days, key_days=settings.key_retention_days),
        reconciliation=Reconciliation(
            sums=CloudWatchSums(cloudwatch, stack=settings.stack),
            depth=SqsDepth(sqs, [settings.queue_url, settings.dead_letter_queue_url]),
        ),
        orphans=OrphanSweep(
            listing=S3Listing(s3, settings.payload_bucket),
            removal=S3Removal(s3, settings.payload_bucket),
            depth=SqsDepth(sqs, [settings.queue_url, settings.dead_letter_queue_url, settings.queue_url]),
            outlived_days=settings.message_lifetime_days,
        ),
        erasures=ErasureSweep(tables=tables_on, eraser=eraser),
    )
    rotation = Rotation(
        roles={name: role for role, name in secrets.items()} if settings.login_backend == "secretsmanager" else {},
        versions=SecretsManagerVersions(secretsmanager_client),
        connect=connection,
        log_in=log_in,
    )
    calls = ErasureCalls(tables=tables, eraser=eraser)
    return Caretaker(maintenance=maintenance, rotation=rotation, erasure_calls=calls, metrics=metrics)


def _secrets(settings: MaintenanceSettings) -> dict[DatabaseRole, str]:
    named = {DatabaseRole.PROCESSOR: settings.processor_secret, DatabaseRole.QUERY: settings.query_secret}
    return {role: name for role, name in named.items() if name is not None}


def _passwords(
    settings: MaintenanceSettings, secrets: Mapping[DatabaseRole, str]
) -> dict[DatabaseRole, Callable[[], str]]:
    """Return what reads each role's password, anew each time: one from memory may have been replaced."""
    if settings.login_backend == "ssm":
        return {role: SsmParameter(ssm_client, name).current for role, name in secrets.items()}
    if settings.login_backend == "secretsmanager":
        return {
            role: SecretsManagerField(secretsmanager_client, name, field="password").current
            for role, name in secrets.items()
        }
    return {}
