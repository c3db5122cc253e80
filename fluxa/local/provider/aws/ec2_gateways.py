"""EC2: ways out of a network, and the log of what takes them; records, because no function is inside."""

from fluxa.local.engine import Created
from fluxa.local.provider.aws.ec2 import tagged
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request

_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}


@resource("aws:ec2/internetGateway:InternetGateway")
def internet_gateway(request: Request) -> Created:
    """Create the door between a network and the internet."""
    ec2 = request.client("ec2")
    made = ec2.create_internet_gateway(**tagged(request, "internet-gateway"))["InternetGateway"]
    gateway_id = made["InternetGatewayId"]
    vpc_id = request.inputs.get("vpcId")
    if vpc_id:
        ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    arn = request.arn("ec2", f"internet-gateway/{gateway_id}")
    return Created(id=gateway_id, outputs={"arn": arn, "tagsAll": request.tags()})


@resource("aws:ec2/eip:Eip")
def elastic_ip(request: Request) -> Created:
    """Take an address."""
    made = request.client("ec2").allocate_address(
        Domain=request.inputs.get("domain") or "vpc", **tagged(request, "elastic-ip")
    )
    allocation = made["AllocationId"]
    return Created(
        id=allocation,
        outputs={
            "allocationId": allocation,
            "arn": request.arn("ec2", f"elastic-ip/{allocation}"),
            "publicIp": made["PublicIp"],
            "tagsAll": request.tags(),
        },
    )


@resource("aws:ec2/natGateway:NatGateway")
def nat_gateway(request: Request) -> Created:
    """Create what lets a private subnet call the internet."""
    made = request.client("ec2").create_nat_gateway(
        **request.inputs.renamed(
            {"allocationId": "AllocationId", "connectivityType": "ConnectivityType", "subnetId": "SubnetId"}
        ),
        **tagged(request, "natgateway"),
    )["NatGateway"]
    return Created(id=made["NatGatewayId"], outputs={"tagsAll": request.tags()})


@resource("aws:ec2/route:Route")
def route(request: Request) -> Created:
    """Send what is for some addresses through a gateway."""
    table = request.inputs.require("routeTableId")
    destination = request.inputs.renamed(_DESTINATIONS)
    request.client("ec2").create_route(
        RouteTableId=table,
        **destination,
        **request.inputs.renamed(
            {"gatewayId": "GatewayId", "natGatewayId": "NatGatewayId", "vpcEndpointId": "VpcEndpointId"}
        ),
    )
    return Created(id=f"r-{table}-{request.suffix}", outputs={"state": "active"})


@resource("aws:ec2/flowLog:FlowLog")
def flow_log(request: Request) -> Created:
    """Record that connections are to be logged; there are none that the emulator could see."""
    places = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
    named = request.inputs.renamed({key: key for key in places})
    (kind, resource_id), *_ = named.items()
    made = request.client("ec2").create_flow_logs(
        ResourceIds=[resource_id],
        ResourceType=places[kind],
        **request.inputs.renamed(
            {
                "iamRoleArn": "DeliverLogsPermissionArn",
                "logDestination": "LogDestination",
                "logDestinationType": "LogDestinationType",
                "logFormat": "LogFormat",
                "maxAggregationInterval": "MaxAggregationInterval",
                "trafficType": "TrafficType",
            }
        ),
        **tagged(request, "vpc-flow-log"),
    )
    (flow_log_id,) = made["FlowLogIds"]
    arn = request.arn("ec2", f"vpc-flow-log/{flow_log_id}")
    return Created(id=flow_log_id, outputs={"arn": arn, "tagsAll": request.tags()})
