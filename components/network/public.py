"""PublicNetwork: a database with an address on the internet, for stacks that are thrown away.

It costs nothing by the hour, and only the networks in `network.allowed_cidrs` can connect. Functions run outside.
"""

import pulumi
from pulumi_aws import ec2

from components.network.base import POSTGRES_PORT, Network, NetworkArgs
from components.network.blocks import database_blocks
from components.network.flow_logs import FlowLogs, FlowLogsArgs
from components.network.parts import SubnetSpecs, create_internet_route, create_subnets, create_vpc
from components.network.rules import allow_from_addresses, create_group

_DATABASE_ZONES = 2
"""RDS wants subnets in two zones at least."""


class PublicNetwork(Network):
    """A VPC of public subnets, and a database's security group that lists who may come in."""

    functions: None

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:network:PublicNetwork", name, None, opts)
        if args.proxy:
            raise ValueError("a public network has no place for a proxy: it stands in private networks only")
        child = pulumi.ResourceOptions(parent=self)
        vpc, _ = create_vpc(name, args.settings.cidr, child)
        routes = ec2.RouteTable(f"{name}-routes", vpc_id=vpc.id, opts=child)
        create_internet_route(name, vpc.id, routes, child)
        specs = SubnetSpecs(
            vpc_id=vpc.id,
            zones=args.platform.account.zones,
            blocks=database_blocks(args.settings.cidr, _DATABASE_ZONES),
            route_tables=[routes.id] * _DATABASE_ZONES,
        )
        self.database_subnet_ids = create_subnets(f"{name}-database", specs, child)
        database = create_group(f"{name}-database", "The database", vpc.id, child)
        for cidr in dict.fromkeys(args.settings.allowed_cidrs):
            allow_from_addresses(
                f"{name}-database", "PostgreSQL", POSTGRES_PORT, cidr=cidr, target=database, opts=child
            )
        if args.settings.flow_logs:
            FlowLogs(f"{name}-flows", FlowLogsArgs(vpc_id=vpc.id, platform=args.platform), child)
        self.functions = None
        self.database_security_group_id = database.id
        self.database_is_public = True
        self.proxy_security_group_id = None
        self.register_outputs(
            {
                "database_subnet_ids": self.database_subnet_ids,
                "database_security_group_id": self.database_security_group_id,
            }
        )
