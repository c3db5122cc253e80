"""What a function shows PostgreSQL, and where its other secrets are: chosen by its settings, read when needed."""

from functools import cache
from typing import TYPE_CHECKING, cast

import boto3

from functions.adapters.aws_clients import CLIENT_CONFIG
from functions.adapters.iam_token import IamToken
from functions.adapters.postgres import Password
from functions.adapters.secrets import Secret, SecretsManagerField, SsmParameter
from functions.common.environment import DatabaseSettings, SecretBackend

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient


def password_source(settings: DatabaseSettings) -> Password:
    """Return what gives the password, or the token in its place, that `settings.database_auth` stands for."""
    if settings.database_auth == "iam":
        return IamToken(host=settings.database_host, port=settings.database_port, user=settings.database_user)
    # Settings without a secret's name are refused, unless they ask for tokens.
    return secret_reader(settings.database_auth, cast("str", settings.database_secret))


def secret_reader(backend: SecretBackend, name: str, *, field: str = "password") -> Secret:
    """Return what reads one secret. Nothing is read and no client made before the value is asked for.

    Args:
        backend: which service keeps it.
        name: the parameter's name, or the secret's ARN.
        field: of the JSON object in Secrets Manager; a parameter holds the bare value.
    """
    if backend == "ssm":
        return Secret(SsmParameter(ssm_client, name))
    return Secret(SecretsManagerField(secretsmanager_client, name, field=field))


@cache
def ssm_client() -> "SSMClient":
    """Return the client that all parameters of this environment are read with."""
    return boto3.client("ssm", config=CLIENT_CONFIG)


@cache
def secretsmanager_client() -> "SecretsManagerClient":
    """Return the client that all secrets of this environment are read with."""
    return boto3.client("secretsmanager", config=CLIENT_CONFIG)
