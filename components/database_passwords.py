"""What PostgreSQL's roles prove themselves with: where each password is kept, and who changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_aws import lambda_, rds, secretsmanager

from components.account import Account
from components.encryption import StackKey
from components.function_unit import FunctionUnit
from components.policy import PolicyStatement
from components.secret_document import SecretDocument
from components.secret_parameter import SecretParameter
from components.secret_store import SecretStore, StoredSecret
from functions.common.names import DatabaseRole

_SHORT_NAMES = {DatabaseRole.PROCESSOR: "processor", DatabaseRole.QUERY: "query"}
"""Of the application's roles, as far as names of resources and environment keys go."""


@dataclass(frozen=True, kw_only=True)
class ManagedPassword:
    """The master user's password that RDS makes itself, keeps in Secrets Manager and changes every week."""

    reference: pulumi.Output[str]
    key: StackKey | None
    backend: Literal["ssm", "secretsmanager"] = "secretsmanager"

    def read_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer reading the value."""
        read = PolicyStatement(actions=("secretsmanager:GetSecretValue",), resources=(self.reference,))
        return (read,) if self.key is None else (read, self.key.read_statement("secretsmanager"))


@dataclass(frozen=True, kw_only=True)
class RoleSecrets:
    """What maintenance needs to let the application's roles log in."""

    environment: Mapping[str, pulumi.Input[str]]
    statements: tuple[PolicyStatement, ...]


class Passwords:
    """Every role's password. With tokens only the master user has one, for the first login."""

    def __init__(self, name: str, store: SecretStore, *, replicated: bool, parent: pulumi.Resource) -> None:
        self._name, self._store = name, store
        self._opts = pulumi.ResourceOptions(parent=parent)
        # RDS makes no replica of an instance whose password it manages: then the store keeps it like the others.
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-limitations
        self._managed = store.settings.backend == "secretsmanager" and not replicated
        self._master = None if self._managed else self._create(DatabaseRole.ADMIN, "password")
        self._roles: dict[DatabaseRole, SecretParameter | SecretDocument] = {}
        if store.settings.backend != "iam":
            self._roles = {role: self._create(role, f"{short}-password") for role, short in _SHORT_NAMES.items()}

    @property
    def of_roles(self) -> Mapping[DatabaseRole, StoredSecret]:
        """The application's, by role; empty where it logs in with tokens."""
        return self._roles

    def master_inputs(self) -> dict[str, Any]:
        """Return the instance's inputs that say what its master user logs in with."""
        if self._master is not None:
            return {"password_wo": self._master.value(), "password_wo_version": self._master.version}
        key = self._key()
        return {
            "manage_master_user_password": True,
            "master_user_secret_kms_key_id": None if key is None else key.arn,
        }

    def of_master(self, instance: rds.Instance) -> StoredSecret:
        """Return the master user's."""
        if self._master is not None:
            return self._master
        return ManagedPassword(
            reference=instance.master_user_secrets.apply(lambda secrets: str(secrets[0].secret_arn)), key=self._key()
        )

    def role_secrets(self) -> RoleSecrets:
        """Offer telling PostgreSQL the application's passwords and, where they rotate, making new ones."""
        environment: dict[str, pulumi.Input[str]] = {"LOGIN_BACKEND": self._store.settings.backend}
        statements: list[PolicyStatement] = []
        for role, secret in self._roles.items():
            environment[f"{_SHORT_NAMES[role].upper()}_SECRET"] = secret.reference
            statements += self._statements_for(secret)
        return RoleSecrets(environment=environment, statements=tuple(statements))

    def rotate_with(self, function: FunctionUnit, opts: pulumi.ResourceOptions) -> None:
        """Have Secrets Manager call a function to change the application's passwords, where it is to."""
        days = self._store.settings.rotation_days
        if days is None:
            return
        for role, secret in self._roles.items():
            if isinstance(secret, SecretDocument):
                name = f"{self._name}-{_SHORT_NAMES[role]}-rotation"
                _rotate(name, secret, function, days, self._store.platform.account, opts)

    def _statements_for(self, secret: SecretParameter | SecretDocument) -> tuple[PolicyStatement, ...]:
        if isinstance(secret, SecretDocument) and self._store.settings.rotation_days is not None:
            return secret.rotate_statements()
        return secret.read_statements()

    def _create(self, role: DatabaseRole, path: str) -> SecretParameter | SecretDocument:
        return self._store.secret(
            f"{self._name}-{path}",
            f"database/{path}",
            f"Password of {role}",
            self._opts,
            # RDS Proxy looks for both fields, which RDS itself names so.
            secret_field="password",  # noqa: S106 - the name of the field
            other_fields={"username": role.value},
        )

    def _key(self) -> StackKey | None:
        return self._store.platform.key_for(self._store.settings.encryption)


def _rotate(
    name: str,
    secret: SecretDocument,
    function: FunctionUnit,
    days: int,
    account: Account,
    opts: pulumi.ResourceOptions,
) -> None:
    permission = lambda_.Permission(
        f"{name}-permission",
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=function.qualifier,
        principal="secretsmanager.amazonaws.com",
        source_account=account.account_id,
        source_arn=secret.reference,
        opts=opts,
    )
    secretsmanager.SecretRotation(
        name,
        secret_id=secret.reference,
        rotation_lambda_arn=function.alias_arn,
        rotation_rules={"automatically_after_days": days},
        # At once as well: whoever deployed may have seen the first password, and a chain that works is heard of today.
        rotate_immediately=True,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[permission])),
    )
