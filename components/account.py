"""The AWS account and region a stack lives in: the one explicit provider, and the only look-ups of the program."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where everything of the stack is created."""

    provider: aws.Provider
    account_id: pulumi.Output[str]
    region: str
    zones: pulumi.Output[list[str]]
    """Names of the region's availability zones, sorted; accounts differ in what they offer."""

    def options(self) -> pulumi.ResourceOptions:
        """Return the options by which a component, and all its children, use this account's provider."""
        return pulumi.ResourceOptions(provider=self.provider)


def open_account(*, region: str, tags: Mapping[str, str]) -> Account:
    """Make the provider and ask it about the account.

    An explicit provider does not read `aws:region` by itself, so the region is handed over;
    `tags` reach every resource that can carry any.
    """
    provider = aws.Provider("aws", region=region, default_tags={"tags": dict(tags)})
    options = pulumi.InvokeOutputOptions(provider=provider)
    zones = aws.get_availability_zones_output(
        state="available",
        # Local and Wavelength zones need opting in, and have no RDS.
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
        opts=options,
    )
    return Account(
        provider=provider,
        account_id=aws.get_caller_identity_output(opts=options).account_id,
        region=region,
        zones=zones.names.apply(sorted),
    )
