"""How a secret's value comes to be: AWS generates it, and nobody but the store it is written to keeps it."""

import pulumi
from pulumi_aws import secretsmanager

_LENGTH = 48
"""Letters and digits: 285 bits, and nothing that a connection string or shell would have to quote."""


def generated_value(parent: pulumi.Resource) -> pulumi.Output[str]:
    """Return a new value at each run, as a secret: for write-only inputs, which take it in when their version rises."""
    generated = secretsmanager.get_random_password_output(
        password_length=_LENGTH, exclude_punctuation=True, opts=pulumi.InvokeOutputOptions(parent=parent)
    )
    return pulumi.Output.secret(generated.random_password)
