"""What every kind of network is made of: a VPC, subnets with their routes, a way to the internet."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.network.rules import ANYWHERE


@dataclass(frozen=True, kw_only=True)
class SubnetSpecs:
    """Subnets of one kind, one for each block of addresses, each in a zone of its own."""

    vpc_id: pulumi.Output[str]
    zones: pulumi.Output[list[str]]
    blocks: Sequence[str]
    route_tables: Sequence[pulumi.Input[str]]
    """One for each subnet."""


def create_vpc(name: str, cidr: str, opts: pulumi.ResourceOptions) -> tuple[ec2.Vpc, ec2.DefaultSecurityGroup]:
    """Make the VPC and empty the security group that AWS makes with it."""
    vpc = ec2.Vpc(
        f"{name}-vpc",
        cidr_block=cidr,
        # Private DNS of the interface endpoints needs both, and so does the name of a database on the internet.
        enable_dns_support=True,
        enable_dns_hostnames=True,
        opts=opts,
    )
    # Named without rules, the provider empties it: nobody lands in an open group by forgetting to choose one.
    return vpc, ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=vpc.id, opts=opts)


def create_subnets(name: str, specs: SubnetSpecs, opts: pulumi.ResourceOptions) -> tuple[pulumi.Output[str], ...]:
    """Make the subnets, and return their ids."""
    subnets = []
    for index, (block, route_table) in enumerate(zip(specs.blocks, specs.route_tables, strict=True)):
        subnet = ec2.Subnet(
            f"{name}-{index}",
            vpc_id=specs.vpc_id,
            cidr_block=block,
            availability_zone=specs.zones[index],
            map_public_ip_on_launch=False,
            opts=opts,
        )
        ec2.RouteTableAssociation(f"{name}-{index}-routes", subnet_id=subnet.id, route_table_id=route_table, opts=opts)
        subnets.append(subnet.id)
    return tuple(subnets)


def create_internet_route(
    name: str, vpc_id: pulumi.Output[str], route_table: ec2.RouteTable, opts: pulumi.ResourceOptions
) -> ec2.Route:
    """Make an internet gateway and the route to it. What has a public address can be reached when the route exists."""
    gateway = ec2.InternetGateway(f"{name}-internet", vpc_id=vpc_id, opts=opts)
    return ec2.Route(
        f"{name}-internet-route",
        route_table_id=route_table.id,
        destination_cidr_block=ANYWHERE,
        gateway_id=gateway.id,
        opts=opts,
    )
