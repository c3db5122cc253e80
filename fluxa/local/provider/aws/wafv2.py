"""WAF: web ACLs as records; the emulator lets every request pass."""

from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, existing

LONGEST_NAME = 128

_SPELLINGS = {"cloudwatchMetricsEnabled": "CloudWatchMetricsEnabled"}
"""Words of the API that are more than the program's with a capital letter."""


@resource("aws:wafv2/webAcl:WebAcl")
def web_acl(request: Request) -> Created:
    """Record a web ACL. A rule that cannot be spelled in the API's words is refused by its client."""
    client = request.client("wafv2")
    name, scope = request.physical_name(longest=LONGEST_NAME), request.inputs.require("scope")
    definition = {
        "Name": name,
        "Scope": scope,
        "DefaultAction": _spelled(request.inputs.require("defaultAction")),
        "VisibilityConfig": _spelled(request.inputs.require("visibilityConfig")),
        "Rules": _spelled(request.inputs.get("rules") or []),
        **request.inputs.renamed({"description": "Description", "tokenDomains": "TokenDomains"}),
    }
    tags = {"Tags": request.tag_list()} if request.tags() else {}
    taken = existing(lambda: client.create_web_acl(**definition, **tags), "WAFDuplicateItemException")
    made = next(acl for acl in client.list_web_acls(Scope=scope)["WebACLs"] if acl["Name"] == name)
    if taken:
        client.update_web_acl(**definition, Id=made["Id"], LockToken=made["LockToken"])
    return Created(id=made["Id"], outputs={"name": name, "arn": made["ARN"], "tagsAll": request.tags()})


@resource("aws:wafv2/webAclAssociation:WebAclAssociation")
def web_acl_association(request: Request) -> Created:
    """Record what a web ACL stands in front of."""
    acl, target = request.inputs.require("webAclArn"), request.inputs.require("resourceArn")
    request.client("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=target)
    return Created(id=f"{acl},{target}")


@resource(
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    # The emulator has no such call.
    ignored={
        "logDestinationConfigs": "no request is looked at, so none is logged",
        "loggingFilter": "no request is looked at, so none is logged",
        "redactedFields": "no request is looked at, so none is logged",
    },
)
def web_acl_logging(request: Request) -> Created:
    """Acknowledge where a web ACL's log would go."""
    return Created(id=request.inputs.require("resourceArn"))


def _spelled(value: Any) -> Any:
    """Return the program's objects in the words of the API."""
    if isinstance(value, dict):
        return {_SPELLINGS.get(key) or key[0].upper() + key[1:]: _spelled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return value
