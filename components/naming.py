"""Physical names and tags: only what a person or another program must type gets a fixed name, the rest is Pulumi's."""

import hashlib
import re
from dataclasses import dataclass

_HASH_LENGTH = 8
# S3 takes no capitals or underscores, and the longest role's name leaves so much of IAM's 64 characters.
_STACK_LENGTH = 24
# RDS takes neither two hyphens in a row nor one at the end.
_STACK = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

ALARM_NAME_LENGTH = 255
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
DATABASE_IDENTIFIER_LENGTH = 63
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html"""
FUNCTION_NAME_LENGTH = 64
"""https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The names of one stack. Stacks of one account never share a name, however long theirs are."""

    project: str
    stack: str

    def __post_init__(self) -> None:
        if len(self.stack) > _STACK_LENGTH or not _STACK.fullmatch(self.stack):
            raise ValueError(
                f"the stack's name becomes part of bucket and role names: choose one of 1 to {_STACK_LENGTH} "
                f"lower-case letters, digits or single hyphens that begins with a letter and ends with none, "
                f"got {self.stack!r}"
            )

    def physical(self, role: str, *, max_length: int) -> str:
        """Name one resource, e.g. `fluxa-dev-database`.

        A name that is too long is cut, and keeps a hash of the whole so that it stays distinct.

        Raises:
            ValueError: `max_length` leaves no room for a name beside the hash.
        """
        if max_length <= _HASH_LENGTH + 1:
            raise ValueError(f"max_length must exceed {_HASH_LENGTH + 1}, got {max_length}")
        name = f"{self.project}-{self.stack}-{role}"
        if len(name) <= max_length:
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
        return f"{name[: max_length - _HASH_LENGTH - 1].rstrip('-')}-{digest}"

    def log_group(self, role: str) -> str:
        """Name the log group of one service, e.g. `/fluxa/dev/api`."""
        return f"/{self.project}/{self.stack}/{role}"

    def parameter(self, path: str) -> str:
        """Name one SSM parameter, e.g. `/fluxa/dev/database/password`."""
        return f"/{self.project}/{self.stack}/{path}"

    def tags(self) -> dict[str, str]:
        """Return what every resource of the stack carries, so that bills and clean-ups can be told apart."""
        return {"project": self.project, "stack": self.stack, "managed-by": "pulumi"}
