"""PublicNetwork: a database on the internet, open to the networks that are listed and to nobody else."""

from typing import Any

import pytest

from components.network import Network, NetworkArgs, PrivateNetwork, PublicNetwork, create_network
from components.settings import NetworkSettings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_network, a_platform

ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ROUTE = "aws:ec2/route:Route"
SUBNET = "aws:ec2/subnet:Subnet"
OFFICE = "203.0.113.0/24"
HOME = "198.51.100.7/32"


def public(*cidrs: str, **settings: Any) -> Recorder:
    return deploy(lambda: a_network(mode="public", allowed_cidrs=cidrs or (OFFICE,), **settings))


def made(**settings: Any) -> Network:
    found: list[Network] = []
    deploy(lambda: found.append(a_network(**settings)))
    return found[0]


def test_the_network_consists_of_exactly_these_parts():
    assert [
        ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "network-default"),
        ("aws:ec2/internetGateway:InternetGateway", "network-internet"),
        (ROUTE, "network-internet-route"),
        ("aws:ec2/routeTable:RouteTable", "network-routes"),
        (ASSOCIATION, "network-database-0-routes"),
        (ASSOCIATION, "network-database-1-routes"),
        ("aws:ec2/securityGroup:SecurityGroup", "network-database-group"),
        (SUBNET, "network-database-0"),
        (SUBNET, "network-database-1"),
        ("aws:ec2/vpc:Vpc", "network-vpc"),
        (INGRESS, "network-database-from-203.0.113.0-24"),
    ] == public().children("network")


def test_exactly_the_listed_networks_come_in_and_only_to_postgresql():
    stack = public(OFFICE, HOME, OFFICE)

    assert [
        (HOME, "network-database-group-id", "tcp", 5432, 5432),
        (OFFICE, "network-database-group-id", "tcp", 5432, 5432),
    ] == sorted(
        tuple(item.inputs[key] for key in ("cidrIpv4", "securityGroupId", "ipProtocol", "fromPort", "toPort"))
        for item in stack.of_type(INGRESS)
    )
    assert "PostgreSQL from 198.51.100.7/32" in {item.inputs["description"] for item in stack.of_type(INGRESS)}


def test_taking_one_network_off_the_list_leaves_the_others_rules_alone():
    both = {item.urn: item.inputs for item in public(OFFICE, HOME).of_type(INGRESS)}
    one = {item.urn: item.inputs for item in public(HOME).of_type(INGRESS)}

    assert one.items() <= both.items()


def test_the_database_can_be_reached_from_the_internet_and_calls_nobody():
    stack = public()

    assert {
        "routeTableId": "network-routes-id",
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": "network-internet-id",
    } == stack.one(ROUTE).inputs
    assert {"network-routes-id"} == {item.inputs["routeTableId"] for item in stack.of_type(ASSOCIATION)}
    assert [] == stack.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")


@pytest.mark.parametrize("zones", [1, 2, 3])
def test_two_subnets_are_enough_for_rds_whatever_the_zones(zones):
    subnets = [item.inputs for item in public(availability_zones=zones).of_type(SUBNET)]

    assert ["zone-a", "zone-b"] == [subnet["availabilityZone"] for subnet in subnets]
    # RDS gives its instance an address by itself; nothing else that is started here gets one.
    assert [False, False] == [subnet["mapPublicIpOnLaunch"] for subnet in subnets]


def test_functions_stay_outside_and_the_database_knows_that_it_is_public():
    network = made(mode="public", allowed_cidrs=(OFFICE,))

    assert isinstance(network, PublicNetwork)
    assert (None, True, None) == (network.functions, network.database_is_public, network.proxy_security_group_id)


def test_without_being_asked_the_network_is_private():
    network = made()

    assert isinstance(network, PrivateNetwork)
    assert False is network.database_is_public


def test_a_proxy_is_refused_a_place_on_the_internet():
    def program() -> None:
        settings = NetworkSettings(mode="public", allowed_cidrs=(OFFICE,))
        create_network("network", NetworkArgs(settings=settings, platform=a_platform(), proxy=True))

    with pytest.raises(ValueError, match="a public network has no place for a proxy"):
        deploy(program)
