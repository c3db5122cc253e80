"""SecretDocument: one generated secret in Secrets Manager, a field of a JSON object that rotation may change."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
from pulumi_aws import secretsmanager

from components.encryption import StackKey
from components.policy import PolicyStatement
from components.secret_value import generated_value

_SERVICE = "secretsmanager"
_READ = "secretsmanager:GetSecretValue"
_ROTATE = (
    _READ,
    "secretsmanager:DescribeSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)
"""https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html"""


@dataclass(frozen=True, kw_only=True)
class SecretDocumentArgs:
    """What the secret depends on."""

    path: str
    """The secret's full name, e.g. `/fluxa/prod/database/query-password`, for people; functions are told its ARN."""
    description: str
    secret_field: str
    """The field that is generated."""
    other_fields: Mapping[str, str] = field(default_factory=dict)
    """What the object says beside it, e.g. the user's name."""
    key: StackKey | None = None
    """The stack's key, or AWS's for Secrets Manager when none."""
    recovery_days: int
    """How long a deleted secret can be brought back, and its name is taken; 0 deletes it at once."""
    version: int = 1
    """Raise it to generate a new value. Until then neither a later run nor a rotation is overwritten."""


class SecretDocument(pulumi.ComponentResource):
    """A secret whose value only Secrets Manager keeps."""

    backend: Literal["ssm", "secretsmanager"] = "secretsmanager"
    reference: pulumi.Output[str]
    """The secret's ARN, once there is a value to read: what an environment may hold."""
    version: int

    def __init__(self, name: str, args: SecretDocumentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:secret_document:SecretDocument", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._key, self._secret_field = args.key, args.secret_field
        self._secret = secretsmanager.Secret(
            f"{name}-secret",
            name=args.path,
            description=args.description,
            kms_key_id=None if args.key is None else args.key.arn,
            recovery_window_in_days=args.recovery_days,
            opts=child,
        )
        fields: dict[str, pulumi.Input[str]] = {**args.other_fields, args.secret_field: generated_value(self)}
        first = secretsmanager.SecretVersion(
            f"{name}-version",
            secret_id=self._secret.id,
            # Write-only, like a parameter's: what rotation has put in its place since is not compared with it.
            secret_string_wo=pulumi.Output.json_dumps(fields),
            secret_string_wo_version=args.version,
            opts=child,
        )
        self.reference = pulumi.Output.all(self._secret.arn, first.id).apply(lambda known: str(known[0]))
        self.version = args.version
        self.register_outputs({"reference": self.reference, "version": self.version})

    def value(self) -> pulumi.Output[str]:
        """Return the stored value, as a secret, for a resource that has to be given it.

        It is read back for the reason that `SecretParameter.value` gives.
        """
        stored = secretsmanager.get_secret_version_output(
            secret_id=self.reference, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return pulumi.Output.secret(stored.secret_string.apply(lambda text: str(json.loads(text)[self._secret_field])))

    def read_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer reading the value. Secrets Manager's own key lets whoever may read the secret decrypt it."""
        read = PolicyStatement(actions=(_READ,), resources=(self._secret.arn,))
        return (read,) if self._key is None else (read, self._key.read_statement(_SERVICE))

    def rotate_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer reading the value and putting another in its place."""
        rotate = PolicyStatement(actions=_ROTATE, resources=(self._secret.arn,))
        return (rotate,) if self._key is None else (rotate, self._key.write_statement(_SERVICE))
