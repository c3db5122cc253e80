"""SecretParameter: one generated secret in SSM, written once and readable by name; its value is in no plain output."""

from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_aws import ssm

from components.encryption import StackKey
from components.policy import PolicyStatement
from components.secret_value import generated_value


@dataclass(frozen=True, kw_only=True)
class SecretParameterArgs:
    """What the secret depends on."""

    path: str
    """The parameter's full name, e.g. `/fluxa/dev/database/password`: functions are told it."""
    description: str
    key: StackKey | None = None
    """The stack's key, or AWS's for SSM when none."""
    version: int = 1
    """Raise it to generate a new value. Until then the value made first stays, whatever later runs generate."""


class SecretParameter(pulumi.ComponentResource):
    """An SSM SecureString whose value only SSM keeps."""

    backend: Literal["ssm", "secretsmanager"] = "ssm"
    reference: pulumi.Output[str]
    """The parameter's name: what an environment may hold."""
    version: int

    def __init__(self, name: str, args: SecretParameterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:secret_parameter:SecretParameter", name, None, opts)
        self._key = args.key
        self._parameter = ssm.Parameter(
            f"{name}-parameter",
            name=args.path,
            type="SecureString",
            description=args.description,
            key_id=None if args.key is None else args.key.arn,
            # Write-only: the provider hands it on and does not keep it. It writes again when the version changes.
            value_wo=generated_value(self),
            value_wo_version=args.version,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.reference = self._parameter.name
        self.version = args.version
        self.register_outputs({"reference": self.reference, "version": self.version})

    def value(self) -> pulumi.Output[str]:
        """Return the stored value, as a secret, for a resource that has to be given it.

        It is read back rather than taken from the generator: after a run that stopped half-way the next one generates
        another value, and whoever was given that would disagree with what is stored.
        """
        stored = ssm.get_parameter_output(
            name=self._parameter.id, with_decryption=True, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return pulumi.Output.secret(stored.value)

    def read_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer reading the value. SSM's own key lets whoever may read the parameter decrypt it."""
        read = PolicyStatement(actions=("ssm:GetParameter",), resources=(self._parameter.arn,))
        return (read,) if self._key is None else (read, self._key.read_statement("ssm"))
