"""A function's environment, read once, as a validated value.

The stack sets exactly the keys that these models require; a contract test compares the two.
Values are names and sizes only: whoever may describe a function can read its environment.
"""

import os
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict


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


class DatabaseSettings(FunctionSettings):
    """What every function that talks to PostgreSQL is told as well."""

    database_host: str
    database_port: int
    database_name: str
    database_user: str
    database_password_parameter: str
    """Name of the SSM SecureString that holds the password; never the password."""
    database_tls: Literal["verify-full", "disable"]
