"""The versions of secrets in Secrets Manager, for rotation; values are JSON objects."""

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.adapters.aws_clients import error_code
from functions.common.errors import SecretUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CURRENT = "AWSCURRENT"
_PENDING = "AWSPENDING"


class SecretsManagerVersions:
    """See the port. Needs DescribeSecret, GetSecretValue, PutSecretValue and UpdateSecretVersionStage."""

    def __init__(self, client: "Callable[[], SecretsManagerClient]") -> None:
        self._client = client

    def stages(self, secret: str) -> Mapping[str, AbstractSet[str]]:
        """See the port."""
        with _named(secret):
            described = self._client().describe_secret(SecretId=secret)
        return {version: frozenset(stages) for version, stages in described["VersionIdsToStages"].items()}

    def current(self, secret: str) -> Mapping[str, Any]:
        """See the port."""
        with _named(secret):
            answer = self._client().get_secret_value(SecretId=secret, VersionStage=_CURRENT)
        return _parsed(secret, answer.get("SecretString", ""))

    def pending(self, secret: str, version: str) -> Mapping[str, Any] | None:
        """See the port."""
        with _named(secret):
            try:
                answer = self._client().get_secret_value(SecretId=secret, VersionId=version, VersionStage=_PENDING)
            except ClientError as error:
                # A version that is staged and holds nothing yet: so Secrets Manager begins a rotation.
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return None
        return _parsed(secret, answer.get("SecretString", ""))

    def put_pending(self, secret: str, version: str, value: Mapping[str, Any]) -> None:
        """See the port."""
        with _named(secret):
            self._client().put_secret_value(
                SecretId=secret,
                ClientRequestToken=version,
                SecretString=json.dumps(dict(value)),
                VersionStages=[_PENDING],
            )

    def promote(self, secret: str, version: str, *, instead_of: str) -> None:
        """See the port. The version loses the stage `AWSPENDING`, and the one before becomes `AWSPREVIOUS`."""
        with _named(secret):
            self._client().update_secret_version_stage(
                SecretId=secret, VersionStage=_CURRENT, MoveToVersionId=version, RemoveFromVersionId=instead_of
            )


@contextmanager
def _named(secret: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise SecretUnavailable(f"Secrets Manager refused the secret {secret} ({error_code(error)}).") from error


def _parsed(secret: str, text: str) -> dict[str, Any]:
    # The parser's error carries the whole text, so it ends here, as the cause of nothing.
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise SecretUnavailable(f"The secret {secret} is no JSON object.")
    return parsed
