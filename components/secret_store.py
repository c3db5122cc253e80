"""SecretStore: where a stack keeps what it generates and nobody may see, by its settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import pulumi

from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.secret_document import SecretDocument, SecretDocumentArgs
from components.secret_parameter import SecretParameter, SecretParameterArgs
from components.settings import SecretsSettings

_RECOVERY_DAYS = 30
"""Secrets Manager's longest."""


class StoredSecret(Protocol):
    """A secret that a function reads at first use; its environment holds no more than where it is."""

    @property
    def backend(self) -> Literal["ssm", "secretsmanager"]: ...

    @property
    def reference(self) -> pulumi.Output[str]:
        """The parameter's name, or the secret's ARN."""

    def read_statements(self) -> tuple[PolicyStatement, ...]: ...


@dataclass(frozen=True, kw_only=True)
class SecretStore:
    """Makes secrets. With `iam` there are no passwords, and what else is secret is kept in SSM."""

    settings: SecretsSettings
    platform: StackPlatform
    deletion_protection: bool
    """Let a deleted secret be brought back, where its store can do that.

    None is protected from `pulumi destroy`: each can be generated anew, and changing `secrets.backend` deletes it.
    """

    def secret(
        self,
        name: str,
        path: str,
        description: str,
        opts: pulumi.ResourceOptions,
        *,
        secret_field: str,
        other_fields: Mapping[str, str] | None = None,
    ) -> SecretParameter | SecretDocument:
        """Make one secret.

        Args:
            name: Its logical name.
            path: The last part of its physical name, e.g. `database/password`.
            description: Whose it is, for people.
            opts: Its options.
            secret_field: The field that holds it, where a secret is a JSON object; a parameter is the bare value.
            other_fields: What else the object holds.
        """
        path = self.platform.naming.parameter(path)
        key = self.platform.key_for(self.settings.encryption)
        if self.settings.backend != "secretsmanager":
            return SecretParameter(name, SecretParameterArgs(path=path, description=description, key=key), opts)
        document = SecretDocumentArgs(
            path=path,
            description=description,
            secret_field=secret_field,
            other_fields=other_fields or {},
            key=key,
            recovery_days=_RECOVERY_DAYS if self.deletion_protection else 0,
        )
        return SecretDocument(name, document, opts)
