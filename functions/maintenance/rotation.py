"""Gives the application's roles new passwords: the four steps that Secrets Manager calls for, one after the other.

Each step may be called again, after a time-out or a failure, with the same version; then it finds its work done.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.common.log import get_logger
from functions.common.names import DatabaseRole
from functions.maintenance.logins import change_password
from functions.maintenance.migrate import holding_schema_lock
from functions.maintenance.ports import Connect, LogIn, SecretVersions

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"

PASSWORD_BYTES = 32
"""Of randomness; as text that no connection string, shell or JSON needs to escape."""

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Rotates the secrets that the stack has told us of, and no other."""

    roles: Mapping[str, DatabaseRole]
    """By the ARN of each role's secret; empty where passwords are kept elsewhere, or there are none."""
    versions: SecretVersions
    connect: Connect
    log_in: LogIn

    def run(self, step: str, *, secret: str, version: str) -> dict[str, Any]:
        """Take one step and return what it did.

        Args:
            step: as Secrets Manager calls it.
            secret: the ARN of the secret.
            version: the new version's id, which Secrets Manager has chosen.

        Raises:
            ValueError: The step, the secret or the version is not one that may be rotated.
            Exception: Whatever stopped the step; Secrets Manager tries again.
        """
        steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        if step not in steps:
            raise ValueError(f"Unknown rotation step {step!r:.40}: expected one of {', '.join(steps)}.")
        role = self.roles.get(secret)
        if role is None:
            raise ValueError(f"The secret {secret!r:.200} is none of this stack's: its password is not ours to change.")
        result = {"step": step, "role": role.value, "finished_before": self._is_finished(secret, version)}
        if not result["finished_before"]:
            steps[step](secret, version, role)
        log.info("rotation_step_finished", **result)
        return result

    def _is_finished(self, secret: str, version: str) -> bool:
        stages = self.versions.stages(secret).get(version, frozenset())
        if CURRENT in stages:
            return True
        if PENDING not in stages:
            raise ValueError(
                f"The version {version!r:.80} of {secret} is not staged {PENDING}: it was given up, or never begun. "
                "Start the rotation anew."
            )
        return False

    def _create(self, secret: str, version: str, role: DatabaseRole) -> None:
        """Make a password, once: a second one would replace the one that PostgreSQL may have taken already."""
        if self.versions.pending(secret, version) is None:
            # Whatever else the secret holds, somebody reads it.
            value = {
                **self.versions.current(secret),
                "username": role.value,
                "password": secrets.token_urlsafe(PASSWORD_BYTES),
            }
            self.versions.put_pending(secret, version, value)

    def _set(self, secret: str, version: str, role: DatabaseRole) -> None:
        password = self._pending_password(secret, version, role)
        with self.connect() as connection:
            change_password(connection, role, password)

    def _test(self, secret: str, version: str, role: DatabaseRole) -> None:
        self.log_in(role, self._pending_password(secret, version, role))

    def _finish(self, secret: str, version: str, role: DatabaseRole) -> None:
        password = self._pending_password(secret, version, role)
        current = next(known for known, stages in self.versions.stages(secret).items() if CURRENT in stages)
        # A deployment since setSecret has written the current password back. It reads under the same lock, so that it
        # now writes either before this one, or what is current after it.
        with self.connect() as connection, holding_schema_lock(connection):
            change_password(connection, role, password)
            self.versions.promote(secret, version, instead_of=current)

    def _pending_password(self, secret: str, version: str, role: DatabaseRole) -> str:
        value = self.versions.pending(secret, version) or {}
        password = value.get("password")
        if value.get("username") != role.value or not isinstance(password, str) or not password:
            raise ValueError(
                f"The version {version} of {secret} holds no password for {role.value}: createSecret has to run first."
            )
        return password
