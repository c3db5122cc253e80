"""The maintenance function's environment."""

from typing import Literal, Self

from pydantic import Field, model_validator

from functions.common.environment import DatabaseSettings, SecretBackend

LoginBackend = SecretBackend | Literal["iam"]
"""How the application's roles log in: with a password that is kept there, or with tokens."""


class MaintenanceSettings(DatabaseSettings):
    """What maintenance is told."""

    login_backend: LoginBackend
    """For the application's roles; maintenance itself logs in as `database_auth` says."""
    processor_secret: str | None = None
    """Name of the SSM SecureString, or ARN of the secret, with the processor's password; not for `iam`."""
    query_secret: str | None = None
    """The same for query."""

    queue_url: str
    dead_letter_queue_url: str
    payload_bucket: str

    retention_days: int | None = Field(default=None, gt=0)
    """Events go when the whole of their month is older; without a number they stay for ever."""
    key_retention_days: int = Field(gt=0)
    """Idempotency keys stay at least this long, and at least as long as their event: the time in which a message may
    still come again, from the queue, from among the dead letters or by replay."""
    message_lifetime_days: int = Field(gt=0)
    """For how long a message about an event may still come, one that is redriven on its last day included. Payloads to
    which nothing in the database refers go at this age, younger ones only while there are no messages at all; and an
    erasure looks for its user's events until then."""

    @model_validator(mode="after")
    def _check_secrets(self) -> Self:
        missing = [name for name in ("processor_secret", "query_secret") if not getattr(self, name)]
        if self.login_backend != "iam" and missing:
            raise ValueError(
                f"LOGIN_BACKEND={self.login_backend} needs {' and '.join(missing).upper()}: set each to the "
                f"{'name of the SSM parameter' if self.login_backend == 'ssm' else 'ARN of the secret'} "
                "that holds the role's password."
            )
        return self
