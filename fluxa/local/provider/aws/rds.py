"""RDS: what surrounds an instance, in the emulator's records only."""

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing

LONGEST_NAME = 255


@resource("aws:rds/subnetGroup:SubnetGroup")
def subnet_group(request: Request) -> Created:
    """Record where the database would live."""
    name = request.physical_name(longest=LONGEST_NAME).lower()
    rds = request.client("rds")
    definition = {
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": request.inputs.get("description") or "Managed by Pulumi",
        "SubnetIds": request.inputs.require("subnetIds"),
    }
    if existing(
        lambda: rds.create_db_subnet_group(**definition, Tags=request.tag_list()), "DBSubnetGroupAlreadyExists"
    ):
        rds.modify_db_subnet_group(**definition)
    arn = request.arn("rds", f"subgrp:{name}")
    return Created(id=name, outputs={"name": name, "arn": arn, "tagsAll": request.tags()})


@resource(
    "aws:rds/parameterGroup:ParameterGroup",
    ignored={
        "parameters": "they tune RDS; the local server has settings of its own",
        "skipDestroy": "nothing is destroyed",
    },
)
def parameter_group(request: Request) -> Created:
    """Record the database's parameters."""
    name = request.physical_name(longest=LONGEST_NAME).lower()
    definition = {
        "DBParameterGroupName": name,
        "DBParameterGroupFamily": request.inputs.require("family"),
        "Description": request.inputs.get("description") or "Managed by Pulumi",
        "Tags": request.tag_list(),
    }
    existing(lambda: request.client("rds").create_db_parameter_group(**definition), "DBParameterGroupAlreadyExists")
    arn = request.arn("rds", f"pg:{name}")
    return Created(id=name, outputs={"name": name, "arn": arn, "tagsAll": request.tags()})


@resource(
    "aws:rds/eventSubscription:EventSubscription",
    # The emulator has no such call.
    ignored={
        "enabled": "the local server has no events",
        "eventCategories": "the local server has no events",
        "sourceIds": "the local server has no events",
        "sourceType": "the local server has no events",
    },
)
def event_subscription(request: Request) -> Created:
    """Acknowledge who would be told of the instance's events."""
    name = request.physical_name(longest=LONGEST_NAME)
    request.inputs.require("snsTopic")
    arn = request.arn("rds", f"es:{name}")
    return Created(id=name, outputs={"name": name, "arn": arn, "tagsAll": request.tags()})
