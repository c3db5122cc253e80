"""Maintenance's composition root: reads the environment, builds the clients, keeps them while the environment lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import psycopg

from functions.adapters.aws_clients import CLIENT_CONFIG
from functions.adapters.postgres import connect
from functions.adapters.secrets import SsmSecret
from functions.common import log
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.maintenance.settings import MaintenanceSettings
from functions.maintenance.tasks import Maintenance


@cache
def maintenance() -> Maintenance:
    """Built on the first event, reused while this execution environment lives."""
    settings = MaintenanceSettings.from_environment()
    log.configure(Service.MAINTENANCE, settings.log_level)
    password = SsmSecret(lambda: boto3.client("ssm", config=CLIENT_CONFIG), settings.database_password_parameter)

    @contextmanager
    def connection() -> Iterator[psycopg.Connection[Any]]:
        # Not `with connection:`, which would commit; in autocommit mode there is only closing to do.
        opened = connect(settings, password)
        try:
            yield opened
        finally:
            opened.close()

    return Maintenance(connect=connection, metrics=Metrics(service=Service.MAINTENANCE, stack=settings.stack))
