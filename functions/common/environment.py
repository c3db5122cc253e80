"""A function's environment, read once, as a validated value.

The stack sets exactly the keys that these models require; a contract test compares the two.
Values are names and sizes only: whoever may describe a function can read its environment.
"""

import os
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator


class FunctionSettings(BaseModel):
    """What every function is told."""

    # Errors keep quiet about the values: the environment they quote holds the function's credentials as well.
    # Lambda sets dozens of variables of its own beside ours, so others are ignored here and nowhere else.
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=str.upper, validate_by_name=True, hide_input_in_errors=True
    )

    stack: str
    log_level: str = "INFO"
    fluxa_version: str
    settings_fingerprint: str

    @classmethod
    def from_environment(cls) -> Self:
        """Read `os.environ`.

        Raises:
            pydantic.ValidationError: A key is missing or has the wrong form.
        """
        return cls.model_validate(dict(os.environ))


SecretBackend = Literal["ssm", "secretsmanager"]
"""Where a secret's value is: an SSM SecureString holds it bare, Secrets Manager as a field of a JSON object."""


class DatabaseSettings(FunctionSettings):
    """What every function that talks to PostgreSQL is told as well."""

    database_host: str
    database_port: int
    database_name: str
    database_user: str
    database_auth: Literal["ssm", "secretsmanager", "iam"]
    """Where the password comes from; with `iam` a signed token stands in its place."""
    database_secret: str | None = None
    """Name of the SSM SecureString, or ARN of the secret, that holds the password; never the password."""
    database_tls: Literal["verify-full", "verify-system", "disable"]
    """Whose certificates are believed: RDS's own authorities', the public ones' (RDS Proxy), or no TLS at all."""

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        if self.database_auth == "iam":
            if self.database_tls == "disable":
                raise ValueError(
                    "DATABASE_AUTH=iam needs TLS, because a token opens the database to whoever sees it: "
                    "set DATABASE_TLS to verify-full, or to verify-system behind RDS Proxy."
                )
        elif not self.database_secret:
            raise ValueError(
                f"DATABASE_AUTH={self.database_auth} needs DATABASE_SECRET: set it to the "
                f"{'name of the SSM parameter' if self.database_auth == 'ssm' else 'ARN of the secret'} "
                "that holds the password."
            )
        return self

    @property
    def behind_proxy(self) -> bool:
        """Whether RDS Proxy shares server connections between sessions; only its certificate gives it away."""
        return self.database_tls == "verify-system"
