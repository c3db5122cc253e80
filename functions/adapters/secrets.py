"""Reads secrets from SSM Parameter Store: at first use, by name, kept in memory, read again after a refusal.

The environment carries names only: whoever may describe a function can read its environment.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.common.errors import SecretUnavailable
from functions.common.log import get_logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

TTL_SECONDS = 15 * 60.0
"""Parameter Store allows 40 reads a second by default, for all environments together."""

REFRESH_INTERVAL_SECONDS = 5.0
"""When the database refuses everybody, re-reading once in this while is enough to notice a rotation."""

log = get_logger()


class SsmSecret:
    """One SecureString parameter."""

    def __init__(
        self,
        client: "Callable[[], SSMClient]",
        name: str,
        *,
        ttl_seconds: float = TTL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._name = name
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._value: str | None = None
        self._read_at = 0.0

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
                log.warning("secret_not_renewed", parameter=self._name)
        return self._value

    def refresh(self) -> str:
        """Return the value as it is now, give or take five seconds.

        Raises:
            SecretUnavailable: It cannot be read.
        """
        if self._value is not None and self._age() < REFRESH_INTERVAL_SECONDS:
            return self._value
        return self._read()

    def _age(self) -> float:
        return self._clock() - self._read_at

    def _read(self) -> str:
        try:
            answer = self._client().get_parameter(Name=self._name, WithDecryption=True)
        except (BotoCoreError, ClientError) as error:
            raise SecretUnavailable(f"The parameter {self._name} could not be read.") from error
        self._value = answer["Parameter"]["Value"]
        self._read_at = self._clock()
        return self._value
