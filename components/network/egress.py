"""NatEgress: a way out of private subnets to the internet, in every zone by itself, and no way in."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.network.parts import SubnetSpecs, create_internet_route, create_subnets
from components.network.rules import ANYWHERE


@dataclass(frozen=True, kw_only=True)
class NatEgressArgs:
    """What the way out depends on."""

    vpc_id: pulumi.Output[str]
    zones: pulumi.Output[list[str]]
    blocks: Sequence[str]
    """Addresses of the public subnets, one for each zone that is to have a NAT gateway."""


class NatEgress(pulumi.ComponentResource):
    """One NAT gateway in each zone, so that a zone that fails takes nobody else's way out with it."""

    route_table_ids: tuple[pulumi.Output[str], ...]
    """Routes of private subnets, zone by zone."""

    def __init__(self, name: str, args: NatEgressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:network:NatEgress", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        public = ec2.RouteTable(f"{name}-public-routes", vpc_id=args.vpc_id, opts=child)
        internet = create_internet_route(name, args.vpc_id, public, child)
        subnets = create_subnets(
            f"{name}-public",
            SubnetSpecs(
                vpc_id=args.vpc_id,
                zones=args.zones,
                blocks=args.blocks,
                route_tables=[public.id] * len(args.blocks),
            ),
            child,
        )
        after_internet = pulumi.ResourceOptions(parent=self, depends_on=[internet])
        tables = []
        for index, subnet in enumerate(subnets):
            # AWS gives addresses to gateways only where there is an internet to reach.
            address = ec2.Eip(f"{name}-address-{index}", domain="vpc", opts=after_internet)
            gateway = ec2.NatGateway(
                f"{name}-nat-{index}", allocation_id=address.id, subnet_id=subnet, opts=after_internet
            )
            table = ec2.RouteTable(f"{name}-routes-{index}", vpc_id=args.vpc_id, opts=child)
            ec2.Route(
                f"{name}-nat-{index}-route",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateway.id,
                opts=child,
            )
            tables.append(table.id)
        self.route_table_ids = tuple(tables)
        self.register_outputs({"route_table_ids": self.route_table_ids})
