"""Rules of security groups, one resource each."""

from typing import Any

from fluxa.local.engine import Created
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request


@resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
def ingress_rule(request: Request) -> Created:
    """Let something in."""
    rule = request.client("ec2").authorize_security_group_ingress(**_rule(request))
    return _created(request, rule)


@resource("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
def egress_rule(request: Request) -> Created:
    """Let something out."""
    rule = request.client("ec2").authorize_security_group_egress(**_rule(request))
    return _created(request, rule)


def _rule(request: Request) -> dict[str, Any]:
    inputs = request.inputs
    described = inputs.renamed({"description": "Description"})
    permission: dict[str, Any] = inputs.renamed(
        {"fromPort": "FromPort", "ipProtocol": "IpProtocol", "toPort": "ToPort"}
    )
    for ours, holder, theirs in (
        ("cidrIpv4", "IpRanges", "CidrIp"),
        ("cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("prefixListId", "PrefixListIds", "PrefixListId"),
        ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ):
        value = inputs.get(ours)
        if value is not None:
            permission[holder] = [{theirs: value, **described}]
    tags = request.tag_list()
    return {
        "GroupId": inputs.require("securityGroupId"),
        "IpPermissions": [permission],
        **({"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}]} if tags else {}),
    }


def _created(request: Request, answer: Any) -> Created:
    rules = answer.get("SecurityGroupRules") or [{}]
    rule_id = rules[0].get("SecurityGroupRuleId") or f"sgr-{request.suffix}"
    return Created(
        id=rule_id,
        outputs={
            "securityGroupRuleId": rule_id,
            "arn": request.arn("ec2", f"security-group-rule/{rule_id}"),
            "tagsAll": request.tags(),
        },
    )
