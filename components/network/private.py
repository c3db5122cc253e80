"""PrivateNetwork: where the database and the functions that use it live, with no way in or out but those listed.

Without NAT there is no internet gateway either: what a function calls from inside has an endpoint, or cannot be called.
"""

from collections.abc import Sequence

import pulumi
from pulumi_aws import ec2

from components.network.base import POSTGRES_PORT, FunctionPlacement, Network, NetworkArgs
from components.network.blocks import database_blocks, function_blocks, public_blocks
from components.network.egress import NatEgress, NatEgressArgs
from components.network.endpoints import Endpoints
from components.network.flow_logs import FlowLogs, FlowLogsArgs
from components.network.parts import SubnetSpecs, create_subnets, create_vpc
from components.network.rules import HTTPS_PORT, allow, allow_https_out, create_group

_DATABASE_ZONES = 2
"""RDS wants subnets in two zones at least, even for an instance in one."""


class PrivateNetwork(Network):
    """A VPC of private subnets, its endpoints, and one security group for each kind of inhabitant."""

    functions: FunctionPlacement

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:network:PrivateNetwork", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._args = args
        self._vpc, spare = create_vpc(name, args.settings.cidr, self._child)
        private = ec2.RouteTable(f"{name}-routes", vpc_id=self._vpc.id, opts=self._child)
        zones = args.settings.availability_zones
        ways_out = self._ways_out(name, zones) or (private.id,) * zones
        function_subnets = self._subnets(f"{name}-functions", function_blocks(args.settings.cidr, zones), ways_out)
        database_zones = max(zones, _DATABASE_ZONES)
        # The database calls nobody: its subnets have no way out, whatever the functions have.
        self.database_subnet_ids = self._subnets(
            f"{name}-database", database_blocks(args.settings.cidr, database_zones), (private.id,) * database_zones
        )

        functions = self._group(f"{name}-functions", "Functions that use the database")
        database = self._group(f"{name}-database", "The database")
        allow(f"{name}-database", "PostgreSQL", POSTGRES_PORT, source=functions, target=database, opts=self._child)
        self.proxy_security_group_id = self._room_for_a_proxy(name, functions, database) if args.proxy else None
        tables = [private.id, *(table for table in ways_out if table is not private.id)]
        self._let_out(name, functions, function_subnets, tables)
        if args.settings.flow_logs:
            FlowLogs(f"{name}-flows", FlowLogsArgs(vpc_id=self._vpc.id, platform=args.platform), self._child)
        self.database_security_group_id = database.id
        self.database_is_public = False
        self.functions = FunctionPlacement(
            subnet_ids=function_subnets, security_group_id=functions.id, spare_security_group_id=spare.id
        )
        self.register_outputs(
            {
                "database_subnet_ids": self.database_subnet_ids,
                "database_security_group_id": self.database_security_group_id,
                "proxy_security_group_id": self.proxy_security_group_id,
                "functions": {
                    "subnet_ids": self.functions.subnet_ids,
                    "security_group_id": self.functions.security_group_id,
                    "spare_security_group_id": self.functions.spare_security_group_id,
                },
            }
        )

    def _subnets(
        self, name: str, blocks: Sequence[str], route_tables: Sequence[pulumi.Output[str]]
    ) -> tuple[pulumi.Output[str], ...]:
        specs = SubnetSpecs(
            vpc_id=self._vpc.id, zones=self._args.platform.account.zones, blocks=blocks, route_tables=route_tables
        )
        return create_subnets(name, specs, self._child)

    def _group(self, name: str, description: str) -> ec2.SecurityGroup:
        return create_group(name, description, self._vpc.id, self._child)

    def _ways_out(self, name: str, zones: int) -> tuple[pulumi.Output[str], ...]:
        """Return the functions' route tables by zone, where they may reach the internet."""
        if self._args.settings.egress != "nat":
            return ()
        egress = NatEgressArgs(
            vpc_id=self._vpc.id,
            zones=self._args.platform.account.zones,
            blocks=public_blocks(self._args.settings.cidr, zones),
        )
        return NatEgress(f"{name}-egress", egress, self._child).route_table_ids

    def _room_for_a_proxy(
        self, name: str, functions: ec2.SecurityGroup, database: ec2.SecurityGroup
    ) -> pulumi.Output[str]:
        """Let functions reach a proxy and a proxy the database. Maintenance still goes to the database itself."""
        proxy = self._group(f"{name}-proxy", "The proxy in front of the database")
        allow(
            f"{name}-proxy", "PostgreSQL by the proxy", POSTGRES_PORT, source=functions, target=proxy, opts=self._child
        )
        allow(
            f"{name}-proxied",
            "PostgreSQL",
            POSTGRES_PORT,
            source=proxy,
            target=database,
            opts=self._child,
            who="the proxy",
        )
        return proxy.id

    def _let_out(
        self,
        name: str,
        functions: ec2.SecurityGroup,
        subnet_ids: Sequence[pulumi.Output[str]],
        route_tables: Sequence[pulumi.Output[str]],
    ) -> None:
        """Let functions call what they need of AWS; by NAT, anything that speaks HTTPS."""
        endpoints = Endpoints(vpc_id=self._vpc.id, account=self._args.platform.account, opts=self._child)
        gateway = endpoints.s3_gateway(name, self._args.bucket_statements, route_tables)
        s3 = gateway.prefix_list_id
        allow(f"{name}-s3", "Payloads in S3", HTTPS_PORT, source=functions, target=s3, opts=self._child)
        if self._args.settings.egress == "nat":
            allow_https_out(f"{name}-internet", source=functions, opts=self._child)
            return
        if not self._args.interface_statements:
            return
        group = self._group(f"{name}-endpoints", "Interface endpoints of AWS services")
        allow(f"{name}-endpoints", "AWS services", HTTPS_PORT, source=functions, target=group, opts=self._child)
        for service, statements in self._args.interface_statements.items():
            endpoints.interface(name, service, statements, subnet_ids=subnet_ids, group=group)
