"""PrivateNetwork with `egress: nat`: a way out in every zone, and still no way in."""

import pytest

from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_network

ADDRESS = "aws:ec2/eip:Eip"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:ec2/routeTable:RouteTable"
SUBNETS_OF_A_ZONE = ("functions", "database", "egress-public")


def with_nat(zones: int = 2) -> Recorder:
    return deploy(lambda: a_network(egress="nat", availability_zones=zones))


def test_a_way_out_consists_of_exactly_these_parts():
    assert [
        (ADDRESS, "network-egress-address-0"),
        (GATEWAY, "network-egress-internet"),
        (NAT, "network-egress-nat-0"),
        (ROUTE, "network-egress-internet-route"),
        (ROUTE, "network-egress-nat-0-route"),
        (TABLE, "network-egress-public-routes"),
        (TABLE, "network-egress-routes-0"),
        (ASSOCIATION, "network-egress-public-0-routes"),
        (SUBNET, "network-egress-public-0"),
    ] == with_nat(1).children("network-egress")


@pytest.mark.parametrize("zones", [1, 2, 3])
def test_every_zone_leaves_by_its_own_gateway(zones):
    stack = with_nat(zones)

    for index in range(zones):
        nat = stack.one(NAT, f"network-egress-nat-{index}").inputs
        assert {
            "allocationId": f"network-egress-address-{index}-id",
            "subnetId": f"network-egress-public-{index}-id",
        } == nat
        assert {
            "routeTableId": f"network-egress-routes-{index}-id",
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": f"network-egress-nat-{index}-id",
        } == stack.one(ROUTE, f"network-egress-nat-{index}-route").inputs
        functions = stack.one(ASSOCIATION, f"network-functions-{index}-routes").inputs
        assert f"network-egress-routes-{index}-id" == functions["routeTableId"]
        zone = {stack.one(SUBNET, f"network-{kind}-{index}").inputs["availabilityZone"] for kind in SUBNETS_OF_A_ZONE}
        assert 1 == len(zone)
    assert zones == len(stack.of_type(NAT)) == len(stack.of_type(ADDRESS))


def test_gateways_stand_where_the_internet_is_and_only_after_it_can_be_reached():
    stack = with_nat()

    assert {
        "routeTableId": "network-egress-public-routes-id",
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": "network-egress-internet-id",
    } == stack.one(ROUTE, "network-egress-internet-route").inputs
    assert {"network-egress-public-routes-id"} == {
        item.inputs["routeTableId"] for item in stack.of_type(ASSOCIATION) if "public" in item.name
    }
    for item in (*stack.of_type(NAT), *stack.of_type(ADDRESS)):
        assert "network-egress-internet-route" in item.dependencies
    assert [{"domain": "vpc"}] * 2 == [item.inputs for item in stack.of_type(ADDRESS)]


def test_the_database_keeps_its_routes_that_lead_nowhere():
    stack = with_nat()

    assert {"network-routes-id"} == {
        item.inputs["routeTableId"] for item in stack.of_type(ASSOCIATION) if item.name.startswith("network-database")
    }
    assert [] == [item.name for item in stack.of_type(ROUTE) if item.inputs["routeTableId"] == "network-routes-id"]


def test_functions_call_anything_by_https_and_nothing_by_other_ports():
    stack = with_nat()

    out = {
        item.name: (item.inputs.get("cidrIpv4"), item.inputs["fromPort"], item.inputs["toPort"])
        for item in stack.of_type(EGRESS)
        if item.inputs["securityGroupId"] == "network-functions-group-id"
    }
    assert {
        "network-database-out": (None, 5432, 5432),
        "network-internet-out": ("0.0.0.0/0", 443, 443),
        "network-s3-out": (None, 443, 443),
    } == out
    assert "cannot be listed" in stack.one(EGRESS, "network-internet-out").inputs["description"]


def test_nobody_comes_in_by_the_way_out():
    stack = with_nat()

    assert [("network-database-group-id", "network-functions-group-id", 5432)] == [
        (
            item.inputs["securityGroupId"],
            item.inputs["referencedSecurityGroupId"],
            item.inputs["toPort"],
        )
        for item in stack.of_type(INGRESS)
    ]
    assert {False} == {item.inputs["mapPublicIpOnLaunch"] for item in stack.of_type(SUBNET)}


def test_the_free_s3_gateway_stays_and_interfaces_that_cost_go():
    stack = with_nat()

    assert ["network-s3"] == [item.name for item in stack.of_type(ENDPOINT)]
    assert [
        "network-routes-id",
        "network-egress-routes-0-id",
        "network-egress-routes-1-id",
    ] == stack.one(ENDPOINT).inputs["routeTableIds"]
    assert [] == [
        item.name for item in stack.of_type("aws:ec2/securityGroup:SecurityGroup") if "endpoints" in item.name
    ]


def test_endpoints_and_nat_differ_in_the_way_out_alone():
    # Whoever changes over keeps the database's subnets and groups, and so the database.
    before, after = deploy(a_network), with_nat()

    kept = {
        item.urn: item.inputs
        for item in before.resources
        if item.type != ASSOCIATION and "endpoints" not in item.name and item.type != ENDPOINT and item.custom
    }
    assert kept == {item.urn: item.inputs for item in after.resources if item.urn in kept}
