"""Secrets by name: read at first use, kept in memory, read again after a refusal.

The environment carries names only: whoever may describe a function can read its environment.
"""

import contextlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.common.errors import SecretUnavailable
from functions.common.log import get_logger

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

TTL_SECONDS = 15 * 60.0
"""Parameter Store allows 40 reads a second by default, for all environments together."""

REFRESH_INTERVAL_SECONDS = 5.0
"""When the database refuses everybody, re-reading once in this while is enough to notice a rotation."""

log = get_logger()


class SecretSource(Protocol):
    """Where one secret is kept."""

    name: str
    """What a person looks for: the parameter's name, or the secret's ARN."""

    def current(self) -> str:
        """Read the value that is valid now.

        Raises:
            SecretUnavailable: It cannot be read.
        """

    def pending(self) -> str | None:
        """Read the value that a rotation under way is about to make valid; None when there is none.

        Raises:
            SecretUnavailable: It cannot be read.
        """


class Secret:
    """One secret's value, from memory while that is good enough."""

    def __init__(
        self,
        source: SecretSource,
        *,
        ttl_seconds: float = TTL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._value: str | None = None
        self._read_at = 0.0
        self._pending_read_at: float | None = None

    def __call__(self) -> str:
        """Return the value, from memory when it was read less than a quarter of an hour ago.

        Raises:
            SecretUnavailable: It was never read, and cannot be.
        """
        if self._value is None:
            return self._read()
        if self._age() >= self._ttl_seconds:
            try:
                return self._read()
            except SecretUnavailable:
                # The value in memory most likely still works, and is refreshed when it does not.
                log.warning("secret_not_renewed", name=self._source.name)
        return self._value

    def refresh(self) -> str:
        """Return the value to try after the one in memory was refused: as it is now, give or take five seconds.

        While a secret is rotated, the database takes the pending value a moment before that becomes the current one.
        So when the current value is the refused one, the pending value is next; refused in turn, it is the current
        one's turn again.

        Raises:
            SecretUnavailable: It cannot be read.
        """
        refused = self._value
        if refused is None or self._age() >= REFRESH_INTERVAL_SECONDS:
            value = self._read()
            if value != refused:
                return value
        return self._read_pending() or self()

    def _age(self) -> float:
        return self._clock() - self._read_at

    def _read(self) -> str:
        self._value = self._source.current()
        self._read_at = self._clock()
        return self._value

    def _read_pending(self) -> str | None:
        """Return the pending value and keep it, if there is one and nobody asked within the last five seconds."""
        now = self._clock()
        if self._pending_read_at is not None and now - self._pending_read_at < REFRESH_INTERVAL_SECONDS:
            return None
        self._pending_read_at = now
        pending = None
        # Whoever asks has a refusal to report, which says more than that there was nothing else to try.
        with contextlib.suppress(SecretUnavailable):
            pending = self._source.pending()
        self._value = pending or self._value
        return pending


class SsmParameter:
    """A SecureString parameter: its value is the secret."""

    def __init__(self, client: "Callable[[], SSMClient]", name: str) -> None:
        self._client = client
        self.name = name

    def current(self) -> str:
        """See the port."""
        try:
            answer = self._client().get_parameter(Name=self.name, WithDecryption=True)
        except (BotoCoreError, ClientError) as error:
            raise SecretUnavailable(f"The parameter {self.name} could not be read.") from error
        return answer["Parameter"]["Value"]

    def pending(self) -> str | None:
        """Return None: a parameter changes in one step."""
        return None


class SecretsManagerField:
    """One field of the JSON object that a secret in Secrets Manager holds."""

    def __init__(self, client: "Callable[[], SecretsManagerClient]", name: str, *, field: str) -> None:
        self._client = client
        self.name = name
        self._field = field

    def current(self) -> str:
        """See the port."""
        return self._read("AWSCURRENT")

    def pending(self) -> str | None:
        """See the port."""
        return self._read("AWSPENDING")

    def _read(self, stage: str) -> str:
        try:
            answer = self._client().get_secret_value(SecretId=self.name, VersionStage=stage)
        except (BotoCoreError, ClientError) as error:
            raise SecretUnavailable(f"The secret {self.name} could not be read.") from error
        value = _parsed(answer.get("SecretString", "")).get(self._field)
        if not isinstance(value, str) or not value:
            raise SecretUnavailable(f'The secret {self.name} is no JSON object with a text "{self._field}" in it.')
        return value


def _parsed(text: str) -> dict[str, object]:
    # The parser's error carries the whole text, so it ends here, as the cause of nothing.
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
