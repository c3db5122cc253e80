"""VPC endpoints: how functions inside call AWS without a way to the internet, and what may pass."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.account import Account
from components.policy import PolicyStatement, policy_json


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Makes the endpoints of one VPC."""

    vpc_id: pulumi.Output[str]
    account: Account
    opts: pulumi.ResourceOptions

    def s3_gateway(
        self, name: str, statements: Iterable[PolicyStatement], route_tables: Sequence[pulumi.Input[str]]
    ) -> ec2.VpcEndpoint:
        """Make the gateway that routes of S3's addresses lead to; it is free."""
        return ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{self.account.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=list(route_tables),
            policy=self._policy(statements),
            opts=self.opts,
        )

    def interface(
        self,
        name: str,
        service: str,
        statements: Iterable[PolicyStatement],
        *,
        subnet_ids: Sequence[pulumi.Output[str]],
        group: ec2.SecurityGroup,
    ) -> None:
        """Make the interfaces that answer to the service's own name inside the network."""
        ec2.VpcEndpoint(
            f"{name}-{service}",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{self.account.region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnet_ids),
            security_group_ids=[group.id],
            policy=self._policy(statements),
            opts=self.opts,
        )

    def _policy(self, statements: Iterable[PolicyStatement]) -> pulumi.Output[str]:
        # Services call KMS themselves, by another way: what functions are allowed of it does not pass here.
        passing = [item for item in statements if not all(action.startswith("kms:") for action in item.actions)]
        return policy_json([statement.within_account(self.account.account_id) for statement in passing])
