"""PrivateNetwork: where the database and the functions that use it live, with no way in or out but those listed.

There is no NAT and no internet gateway: what a function calls from inside has an endpoint here, or cannot be called.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.account import Account
from components.network_rules import allow
from components.policy import PolicyStatement, policy_json
from components.settings import NetworkSettings

POSTGRES_PORT = 5432
_HTTPS_PORT = 443

_SUBNET_BITS = 3
"""The network is cut into eight: up to three subnets for functions, up to three for the database, two to spare."""
_DATABASE_SUBNETS_FROM = 3
_DATABASE_ZONES = 2
"""RDS wants subnets in two zones at least, even for an instance in one."""


@dataclass(frozen=True, kw_only=True)
class PrivateNetworkArgs:
    """What the network depends on."""

    settings: NetworkSettings
    account: Account
    bucket_statements: Sequence[PolicyStatement]
    """What may pass the S3 gateway, which costs nothing."""
    interface_statements: Mapping[str, Sequence[PolicyStatement]]
    """What may pass each interface endpoint, by service, e.g. `sqs`; each costs by the hour and zone."""


@dataclass(frozen=True, kw_only=True)
class FunctionPlacement:
    """Where a function inside the network goes."""

    subnet_ids: tuple[pulumi.Output[str], ...]
    security_group_id: pulumi.Output[str]
    spare_security_group_id: pulumi.Output[str]
    """Takes over a deleted function's network interfaces, so that its own group can be deleted without waiting."""


class PrivateNetwork(pulumi.ComponentResource):
    """A VPC of private subnets, its endpoints, and one security group for each kind of inhabitant."""

    functions: FunctionPlacement
    database_subnet_ids: tuple[pulumi.Output[str], ...]
    database_security_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:network:PrivateNetwork", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self._account = args.account
        self._vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.settings.cidr,
            # Private DNS of the interface endpoints needs both.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            opts=child,
        )
        # Named without rules, the provider empties it: nobody lands in an open group by forgetting to choose one.
        spare = ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=self._vpc.id, opts=child)
        self._routes = ec2.RouteTable(f"{name}-routes", vpc_id=self._vpc.id, opts=child)
        zones = args.settings.availability_zones
        blocks = list(ipaddress.IPv4Network(args.settings.cidr).subnets(prefixlen_diff=_SUBNET_BITS))
        function_subnets = self._subnets(f"{name}-functions", blocks[:zones], child)
        database_blocks = blocks[_DATABASE_SUBNETS_FROM:][: max(zones, _DATABASE_ZONES)]
        self.database_subnet_ids = self._subnets(f"{name}-database", database_blocks, child)

        functions = self._group(f"{name}-functions", "Functions that use the database", child)
        database = self._group(f"{name}-database", "The database", child)
        allow(f"{name}-database", "PostgreSQL", POSTGRES_PORT, source=functions, target=database, opts=child)
        self._s3_gateway(name, args.bucket_statements, functions, child)
        if args.interface_statements:
            endpoints = self._group(f"{name}-endpoints", "Interface endpoints of AWS services", child)
            allow(f"{name}-endpoints", "AWS services", _HTTPS_PORT, source=functions, target=endpoints, opts=child)
            for service, statements in args.interface_statements.items():
                self._interface(name, service, statements, function_subnets, endpoints, child)
        self.database_security_group_id = database.id
        self.functions = FunctionPlacement(
            subnet_ids=function_subnets, security_group_id=functions.id, spare_security_group_id=spare.id
        )
        self.register_outputs(
            {
                "database_subnet_ids": self.database_subnet_ids,
                "database_security_group_id": self.database_security_group_id,
                "functions": {
                    "subnet_ids": self.functions.subnet_ids,
                    "security_group_id": self.functions.security_group_id,
                    "spare_security_group_id": self.functions.spare_security_group_id,
                },
            }
        )

    def _subnets(
        self, name: str, blocks: Sequence[ipaddress.IPv4Network], opts: pulumi.ResourceOptions
    ) -> tuple[pulumi.Output[str], ...]:
        subnets = []
        for index, block in enumerate(blocks):
            subnet = ec2.Subnet(
                f"{name}-{index}",
                vpc_id=self._vpc.id,
                cidr_block=str(block),
                availability_zone=self._account.zones[index],
                map_public_ip_on_launch=False,
                opts=opts,
            )
            ec2.RouteTableAssociation(
                f"{name}-{index}-routes", subnet_id=subnet.id, route_table_id=self._routes.id, opts=opts
            )
            subnets.append(subnet.id)
        return tuple(subnets)

    def _group(self, name: str, description: str, opts: pulumi.ResourceOptions) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(f"{name}-group", vpc_id=self._vpc.id, description=description, opts=opts)

    def _s3_gateway(
        self,
        name: str,
        statements: Sequence[PolicyStatement],
        functions: ec2.SecurityGroup,
        opts: pulumi.ResourceOptions,
    ) -> None:
        gateway = ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{self._account.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[self._routes.id],
            policy=self._endpoint_policy(statements),
            opts=opts,
        )
        allow(f"{name}-s3", "Payloads in S3", _HTTPS_PORT, source=functions, target=gateway.prefix_list_id, opts=opts)

    def _interface(
        self,
        name: str,
        service: str,
        statements: Sequence[PolicyStatement],
        subnet_ids: Sequence[pulumi.Output[str]],
        group: ec2.SecurityGroup,
        opts: pulumi.ResourceOptions,
    ) -> None:
        ec2.VpcEndpoint(
            f"{name}-{service}",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{self._account.region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnet_ids),
            security_group_ids=[group.id],
            policy=self._endpoint_policy(statements),
            opts=opts,
        )

    def _endpoint_policy(self, statements: Sequence[PolicyStatement]) -> pulumi.Output[str]:
        return policy_json([statement.within_account(self._account.account_id) for statement in statements])
