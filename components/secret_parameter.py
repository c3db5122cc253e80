"""SecretParameter: one generated secret in SSM, written once and readable by name; its value is in no plain output."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import secretsmanager, ssm

from components.policy import PolicyStatement

_LENGTH = 48
"""Letters and digits: 285 bits, and nothing that a connection string or shell would have to quote."""


@dataclass(frozen=True, kw_only=True)
class SecretParameterArgs:
    """What the secret depends on."""

    path: str
    """The parameter's full name, e.g. `/fluxa/dev/database/password`: functions are told it."""
    description: str
    version: int = 1
    """Raise it to generate a new value. Until then the value made first stays, whatever later runs generate."""


class SecretParameter(pulumi.ComponentResource):
    """An SSM SecureString whose value only SSM keeps."""

    name: pulumi.Output[str]
    """The parameter's name: what an environment may hold."""
    version: int

    def __init__(self, name: str, args: SecretParameterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:secret_parameter:SecretParameter", name, None, opts)
        generated = secretsmanager.get_random_password_output(
            password_length=_LENGTH, exclude_punctuation=True, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        self._parameter = ssm.Parameter(
            f"{name}-parameter",
            name=args.path,
            type="SecureString",
            description=args.description,
            # Write-only: the provider hands it on and does not keep it. It writes again when the version changes.
            value_wo=pulumi.Output.secret(generated.random_password),
            value_wo_version=args.version,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = self._parameter.name
        self.version = args.version
        self.register_outputs({"name": self.name, "version": self.version})

    def value(self) -> pulumi.Output[str]:
        """Return the stored value, as a secret, for a resource that has to be given it.

        It is read back rather than taken from the generator: after a run that stopped half-way the next one generates
        another value, and whoever was given that would disagree with what is stored.
        """
        stored = ssm.get_parameter_output(
            name=self._parameter.id, with_decryption=True, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return pulumi.Output.secret(stored.value)

    def read_statement(self) -> PolicyStatement:
        """Offer reading the value. SSM's own key lets whoever may read the parameter decrypt it."""
        return PolicyStatement(actions=("ssm:GetParameter",), resources=(self._parameter.arn,))


def read_through_endpoint() -> PolicyStatement:
    """Return what the network lets pass to SSM."""
    return PolicyStatement(
        actions=("ssm:GetParameter",),
        resources=("*",),
        reason="Parameters are made after the network; each function's role names the ones it may read.",
    )
