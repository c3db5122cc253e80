"""SSM Parameter Store: where functions find their secrets."""

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request

LONGEST_NAME = 1011


@resource(
    "aws:ssm/parameter:Parameter",
    ignored={
        "overwrite": "a parameter is always overwritten",
        "valueWoVersion": "a write-only value is written at every start",
    },
)
def parameter(request: Request) -> Created:
    """Write a parameter, whether or not it exists."""
    ssm = request.client("ssm")
    name = request.physical_name(longest=LONGEST_NAME)
    # Read all three, so that each counts as mapped; the program sets one of them.
    values = [request.inputs.get(key) for key in ("value", "valueWo", "insecureValue")]
    options = request.inputs.renamed(
        {
            "allowedPattern": "AllowedPattern",
            "dataType": "DataType",
            "description": "Description",
            "keyId": "KeyId",
            "tier": "Tier",
            "type": "Type",
        }
    )
    ssm.put_parameter(Name=name, Value=next(value for value in values if value is not None), Overwrite=True, **options)
    if request.tags():
        ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=request.tag_list())
    arn = request.arn("ssm", f"parameter/{name.removeprefix('/')}")
    return Created(id=name, outputs={"name": name, "arn": arn, "version": 1, "tagsAll": request.tags()})
