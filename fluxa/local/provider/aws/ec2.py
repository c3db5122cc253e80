"""EC2's networks: records in the emulator, which puts no function inside them."""

from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document

LONGEST_GROUP_NAME = 255

_ANYWHERE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
"""The rule that EC2 gives to every new group, and that the provider for AWS takes away."""


@resource("aws:ec2/vpc:Vpc")
def vpc(request: Request) -> Created:
    """Create a network."""
    ec2 = request.client("ec2")
    made = ec2.create_vpc(
        **request.inputs.renamed({"cidrBlock": "CidrBlock", "instanceTenancy": "InstanceTenancy"}),
        **tagged(request, "vpc"),
    )["Vpc"]
    vpc_id = made["VpcId"]
    for name, attribute in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        value = request.inputs.get(name)
        if value is not None:
            ec2.modify_vpc_attribute(VpcId=vpc_id, **{attribute: {"Value": value}})
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
    main = next((table["RouteTableId"] for table in tables), "")
    return Created(
        id=vpc_id,
        outputs={
            "arn": request.arn("ec2", f"vpc/{vpc_id}"),
            "defaultRouteTableId": main,
            "defaultSecurityGroupId": _default_group(ec2, vpc_id)["GroupId"],
            "mainRouteTableId": main,
            "ownerId": request.platform.emulator.account_id,
            "tagsAll": request.tags(),
        },
    )


@resource("aws:ec2/subnet:Subnet")
def subnet(request: Request) -> Created:
    """Create a part of a network in one zone."""
    ec2 = request.client("ec2")
    public = request.inputs.get("mapPublicIpOnLaunch")
    subnet_id = ec2.create_subnet(
        **request.inputs.renamed(
            {
                "availabilityZone": "AvailabilityZone",
                "availabilityZoneId": "AvailabilityZoneId",
                "cidrBlock": "CidrBlock",
                "vpcId": "VpcId",
            }
        ),
        **tagged(request, "subnet"),
    )["Subnet"]["SubnetId"]
    if public is not None:
        ec2.modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": public})
    return Created(id=subnet_id, outputs={"arn": request.arn("ec2", f"subnet/{subnet_id}"), "tagsAll": request.tags()})


@resource("aws:ec2/routeTable:RouteTable")
def route_table(request: Request) -> Created:
    """Create a route table without routes of its own."""
    made = request.client("ec2").create_route_table(
        VpcId=request.inputs.require("vpcId"), **tagged(request, "route-table")
    )["RouteTable"]
    table_id = made["RouteTableId"]
    return Created(
        id=table_id, outputs={"arn": request.arn("ec2", f"route-table/{table_id}"), "tagsAll": request.tags()}
    )


@resource("aws:ec2/routeTableAssociation:RouteTableAssociation")
def route_table_association(request: Request) -> Created:
    """Give a subnet its routes."""
    made = request.client("ec2").associate_route_table(
        **request.inputs.renamed({"gatewayId": "GatewayId", "routeTableId": "RouteTableId", "subnetId": "SubnetId"})
    )
    return Created(id=made["AssociationId"])


@resource("aws:ec2/securityGroup:SecurityGroup", ignored={"revokeRulesOnDelete": "nothing is destroyed"})
def security_group(request: Request) -> Created:
    """Create a group that lets nothing in or out until rules say so."""
    ec2 = request.client("ec2")
    name = request.physical_name(longest=LONGEST_GROUP_NAME)
    group_id = ec2.create_security_group(
        GroupName=name,
        Description=request.inputs.get("description") or "Managed by Pulumi",
        VpcId=request.inputs.require("vpcId"),
        **tagged(request, "security-group"),
    )["GroupId"]
    ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=_ANYWHERE)
    return Created(
        id=group_id,
        outputs={
            "name": name,
            "arn": request.arn("ec2", f"security-group/{group_id}"),
            "ownerId": request.platform.emulator.account_id,
            "tagsAll": request.tags(),
        },
    )


@resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", ignored={"revokeRulesOnDelete": "nothing is destroyed"})
def default_security_group(request: Request) -> Created:
    """Take the rules from the group that a network comes with."""
    ec2 = request.client("ec2")
    group = _default_group(ec2, request.inputs.require("vpcId"))
    group_id = group["GroupId"]
    if group.get("IpPermissions"):
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=group["IpPermissions"])
    if group.get("IpPermissionsEgress"):
        ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=group["IpPermissionsEgress"])
    if request.tags():
        ec2.create_tags(Resources=[group_id], Tags=request.tag_list())
    return Created(
        id=group_id,
        outputs={
            "name": "default",
            "arn": request.arn("ec2", f"security-group/{group_id}"),
            "tagsAll": request.tags(),
        },
    )


@resource("aws:ec2/vpcEndpoint:VpcEndpoint")
def vpc_endpoint(request: Request) -> Created:
    """Create a way from a network to an AWS service."""
    ec2 = request.client("ec2")
    policy = request.inputs.get("policy")
    service = request.inputs.require("serviceName")
    made = ec2.create_vpc_endpoint(
        **request.inputs.renamed(
            {
                "privateDnsEnabled": "PrivateDnsEnabled",
                "routeTableIds": "RouteTableIds",
                "securityGroupIds": "SecurityGroupIds",
                "serviceName": "ServiceName",
                "subnetIds": "SubnetIds",
                "vpcEndpointType": "VpcEndpointType",
                "vpcId": "VpcId",
            }
        ),
        **({"PolicyDocument": document(policy)} if policy else {}),
        **tagged(request, "vpc-endpoint"),
    )["VpcEndpoint"]
    endpoint_id = made["VpcEndpointId"]
    lists = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [service]}])["PrefixLists"]
    return Created(
        id=endpoint_id,
        outputs={
            "arn": request.arn("ec2", f"vpc-endpoint/{endpoint_id}"),
            "prefixListId": next((found["PrefixListId"] for found in lists), ""),
            "networkInterfaceIds": made.get("NetworkInterfaceIds", []),
            "state": made.get("State", "available"),
            "tagsAll": request.tags(),
        },
    )


def _default_group(ec2: Any, vpc_id: str) -> Any:
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    return ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]


def tagged(request: Request, resource_type: str) -> dict[str, Any]:
    """Return the tags in the form in which EC2 takes them with what it creates."""
    tags = request.tag_list()
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": tags}]} if tags else {}
