"""PrivateNetwork: what may reach what."""

import json
from typing import Any

import pytest

from components.network import NetworkArgs, PrivateNetwork
from components.policy import PolicyStatement
from components.settings import NetworkSettings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import ACCOUNT_ID, a_network, a_platform, document_of, statements_of

EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
SUBNET = "aws:ec2/subnet:Subnet"


def network_args(**changes: Any) -> NetworkArgs:
    return NetworkArgs(settings=NetworkSettings(), platform=a_platform(), **changes)


def rule(stack: Recorder, type_: str, name: str) -> tuple[object, ...]:
    inputs = stack.one(type_, name).inputs
    target = inputs.get("referencedSecurityGroupId") or inputs.get("prefixListId") or inputs.get("cidrIpv4")
    return inputs["securityGroupId"], target, inputs["ipProtocol"], inputs["fromPort"], inputs["toPort"]


def test_the_network_consists_of_exactly_these_parts():
    stack = deploy(lambda: a_network(availability_zones=1))

    assert [
        ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "network-default"),
        ("aws:ec2/routeTable:RouteTable", "network-routes"),
        ("aws:ec2/routeTableAssociation:RouteTableAssociation", "network-database-0-routes"),
        ("aws:ec2/routeTableAssociation:RouteTableAssociation", "network-database-1-routes"),
        ("aws:ec2/routeTableAssociation:RouteTableAssociation", "network-functions-0-routes"),
        ("aws:ec2/securityGroup:SecurityGroup", "network-database-group"),
        ("aws:ec2/securityGroup:SecurityGroup", "network-endpoints-group"),
        ("aws:ec2/securityGroup:SecurityGroup", "network-functions-group"),
        (SUBNET, "network-database-0"),
        (SUBNET, "network-database-1"),
        (SUBNET, "network-functions-0"),
        ("aws:ec2/vpc:Vpc", "network-vpc"),
        (ENDPOINT, "network-s3"),
        (ENDPOINT, "network-sqs"),
        (EGRESS, "network-database-out"),
        (EGRESS, "network-endpoints-out"),
        (EGRESS, "network-s3-out"),
        (INGRESS, "network-database-in"),
        (INGRESS, "network-endpoints-in"),
    ] == stack.children("network")


def test_functions_reach_the_database_the_endpoints_and_s3_and_nothing_else():
    stack = deploy(a_network)

    functions = "network-functions-group-id"
    assert [
        (functions, "network-database-group-id", "tcp", 5432, 5432),
        (functions, "network-endpoints-group-id", "tcp", 443, 443),
        (functions, "pl-network-s3", "tcp", 443, 443),
    ] == sorted(rule(stack, EGRESS, item.name) for item in stack.of_type(EGRESS))


def test_only_the_functions_come_in_anywhere():
    stack = deploy(a_network)

    functions = "network-functions-group-id"
    assert [
        ("network-database-group-id", functions, "tcp", 5432, 5432),
        ("network-endpoints-group-id", functions, "tcp", 443, 443),
    ] == sorted(rule(stack, INGRESS, item.name) for item in stack.of_type(INGRESS))


def test_no_rule_names_an_address_and_every_one_is_described():
    stack = deploy(a_network)

    for item in (*stack.of_type(EGRESS), *stack.of_type(INGRESS)):
        assert not {"cidrIpv4", "cidrIpv6"} & set(item.inputs)
        assert item.inputs["description"]


def test_the_default_security_group_has_no_rules():
    stack = deploy(a_network)

    assert {"vpcId": "network-vpc-id"} == stack.one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs


@pytest.mark.parametrize(("zones", "functions", "database"), [(1, 1, 2), (2, 2, 2), (3, 3, 3)])
def test_the_database_has_subnets_in_two_zones_whatever_the_functions_have(zones, functions, database):
    stack = deploy(lambda: a_network(availability_zones=zones))

    subnets = [item.name for item in stack.of_type(SUBNET)]
    assert functions == sum(name.startswith("network-functions") for name in subnets)
    assert database == sum(name.startswith("network-database") for name in subnets)


def test_subnets_are_private_do_not_overlap_and_lie_in_different_zones():
    stack = deploy(lambda: a_network(availability_zones=3, cidr="10.1.0.0/16"))

    subnets = {item.name: item.inputs for item in stack.of_type(SUBNET)}
    assert 6 == len({inputs["cidrBlock"] for inputs in subnets.values()})
    assert {False} == {inputs["mapPublicIpOnLaunch"] for inputs in subnets.values()}
    assert ["zone-a", "zone-b", "zone-c"] == [subnets[f"network-database-{n}"]["availabilityZone"] for n in range(3)]
    assert "10.1.0.0/19" == subnets["network-functions-0"]["cidrBlock"]
    assert "10.1.96.0/19" == subnets["network-database-0"]["cidrBlock"]


def test_the_s3_gateway_lets_only_payloads_pass_and_only_for_this_account():
    stack = deploy(a_network)

    inputs = stack.one(ENDPOINT, "network-s3").inputs
    assert ("Gateway", "com.amazonaws.eu-central-1.s3") == (inputs["vpcEndpointType"], inputs["serviceName"])
    assert [
        (["s3:GetObject"], ["arn:aws:test:::payloads-bucket/payloads/*"]),
        (["s3:ListBucket"], ["arn:aws:test:::payloads-bucket"]),
        (["s3:ListBucketVersions"], ["arn:aws:test:::payloads-bucket"]),
        (["s3:DeleteObject", "s3:DeleteObjectVersion"], ["arn:aws:test:::payloads-bucket/payloads/*"]),
    ] == [(item["Action"], item["Resource"]) for item in json.loads(inputs["policy"])["Statement"]]
    assert all(
        {"aws:PrincipalAccount": ACCOUNT_ID} == item["Condition"]["StringEquals"]
        for item in json.loads(inputs["policy"])["Statement"]
    )


def test_interface_endpoints_stand_in_the_functions_zones_under_the_services_own_name():
    stack = deploy(a_network)

    inputs = stack.one(ENDPOINT, "network-sqs").inputs
    assert ("Interface", "com.amazonaws.eu-central-1.sqs", True) == (
        inputs["vpcEndpointType"],
        inputs["serviceName"],
        inputs["privateDnsEnabled"],
    )
    assert ["network-functions-0-id", "network-functions-1-id"] == inputs["subnetIds"]
    assert ["network-endpoints-group-id"] == inputs["securityGroupIds"]


def test_the_s3_gateway_serves_the_one_route_table_there_is():
    assert ["network-routes-id"] == deploy(a_network).one(ENDPOINT, "network-s3").inputs["routeTableIds"]


def test_without_services_to_reach_there_is_no_interface_and_no_group_for_any():
    args = {"bucket_statements": (), "interface_statements": {}}
    stack = deploy(lambda: PrivateNetwork("network", network_args(**args)))

    assert ["network-s3"] == [item.name for item in stack.of_type(ENDPOINT)]
    assert ["network-database-group", "network-functions-group"] == sorted(
        item.name for item in stack.of_type("aws:ec2/securityGroup:SecurityGroup")
    )


def test_what_functions_may_do_with_keys_is_no_business_of_an_endpoint():
    # Services call KMS themselves.
    queue = PolicyStatement(actions=("sqs:SendMessage",), resources=("arn:queue",))
    key = PolicyStatement(actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=("arn:key",))
    services = {"bucket_statements": (key,), "interface_statements": {"sqs": (queue, key)}}
    stack = deploy(lambda: PrivateNetwork("network", network_args(**services)))

    policies = {item.name: json.loads(item.inputs["policy"])["Statement"] for item in stack.of_type(ENDPOINT)}
    assert [["sqs:SendMessage"]] == [item["Action"] for item in policies["network-sqs"]]
    assert [] == policies["network-s3"]


def test_a_proxy_has_a_way_of_its_own_beside_the_direct_one():
    stack = deploy(lambda: a_network(proxy=True))

    functions, proxy, database = (f"network-{role}-group-id" for role in ("functions", "proxy", "database"))
    ways = [(functions, proxy), (proxy, database), (functions, database)]
    names = ["network-proxy", "network-proxied", "network-database"]
    for (source, target), name in zip(ways, names, strict=True):
        assert (source, target, "tcp", 5432, 5432) == rule(stack, EGRESS, f"{name}-out")
        assert (target, source, "tcp", 5432, 5432) == rule(stack, INGRESS, f"{name}-in")
    assert ["PostgreSQL from the proxy", "PostgreSQL for the proxy"] == [
        stack.one(INGRESS, "network-proxied-in").inputs["description"],
        stack.one(EGRESS, "network-proxied-out").inputs["description"],
    ]


def test_the_proxys_group_is_offered_only_where_there_is_one():
    offered: dict[bool, Any] = {}

    def program() -> None:
        for proxy in (False, True):
            name = f"network-{proxy}"
            offered[proxy] = PrivateNetwork(name, network_args(proxy=proxy)).proxy_security_group_id

    stack = deploy(program)
    assert (None, True) == (offered[False], offered[True] is not None)
    assert ["network-True-proxy-group"] == [
        item.name for item in stack.of_type("aws:ec2/securityGroup:SecurityGroup") if "proxy" in item.name
    ]


def test_connections_are_not_written_down_unless_asked_for():
    assert [] == deploy(a_network).of_type("aws:ec2/flowLog:FlowLog")


@pytest.mark.parametrize("mode", [{}, {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"]}])
def test_every_connection_made_or_refused_is_written_down_where_asked_for(mode):
    stack = deploy(lambda: a_network(flow_logs=True, **mode))

    log = stack.one("aws:ec2/flowLog:FlowLog")
    assert {
        "vpcId": "network-vpc-id",
        "trafficType": "ALL",
        "logDestination": "arn:aws:test:::network-flows-lines",
        "iamRoleArn": "arn:aws:test:::network-flows-role",
    } == log.inputs
    assert "network-flows-policy" in log.dependencies
    group = stack.one("aws:cloudwatch/logGroup:LogGroup", "network-flows-lines").inputs
    assert {"name": "/fluxa/test/network", "retentionInDays": 14} == group


def test_whoever_writes_flow_logs_may_write_to_their_group_for_this_account_and_do_nothing_else():
    stack = deploy(lambda: a_network(flow_logs=True))

    assert [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": ["arn:aws:test:::network-flows-lines:*"],
        }
    ] == statements_of(stack, "network-flows-policy")
    (trust,) = document_of(stack.one("aws:iam/role:Role", "network-flows-role"), "assumeRolePolicy")["Statement"]
    assert {"Service": "vpc-flow-logs.amazonaws.com"} == trust["Principal"]
    assert {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}} == trust["Condition"]
