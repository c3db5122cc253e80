"""Security groups: every opening is narrow and says what it is for."""

from collections.abc import Iterator

from policy.model import Resource, Stack
from policy.rule import Rule
from policy.tokens import DEFAULT_GROUP, EGRESS_RULE, GROUP, INGRESS_RULE, VPC

_ANYWHERE = frozenset({"0.0.0.0/0", "::/0"})
_HTTPS = 443


def _says_what_it_is_for(rule: Resource, _: Stack) -> Iterator[str]:
    if rule.value("description", default="") in {"", "Managed by Pulumi"}:
        yield "says nothing of its purpose: set description"


def _lets_nobody_in_from_anywhere(rule: Resource, _: Stack) -> Iterator[str]:
    if {rule.value("cidrIpv4"), rule.value("cidrIpv6")} & _ANYWHERE:
        yield "is open to the whole internet: name a security group or single networks"


def _goes_anywhere_by_https_only(rule: Resource, _: Stack) -> Iterator[str]:
    if not {rule.value("cidrIpv4"), rule.value("cidrIpv6")} & _ANYWHERE:
        return
    if (rule.value("ipProtocol"), rule.value("fromPort"), rule.value("toPort")) != ("tcp", _HTTPS, _HTTPS):
        yield "lets out anything to anywhere: name a security group, a prefix list, or port 443 of TCP"


def _has_rules_of_their_own(group: Resource, _: Stack) -> Iterator[str]:
    if group.value("ingress") or group.value("egress"):
        yield "has rules inside, which fight with rules as resources: use SecurityGroup…Rule resources"


def _empties_the_default_group(vpc: Resource, stack: Stack) -> Iterator[str]:
    groups = stack.leading_to(vpc, DEFAULT_GROUP, "vpcId")
    if not groups or any(group.value("ingress") or group.value("egress") for group in groups):
        yield "keeps AWS's default security group open inside: add a DefaultSecurityGroup without rules"


RULES = (
    Rule(
        id="network-rule-described",
        title="Security groups and their rules say what they are for",
        why="Nobody dares to close an opening without a purpose.",
        types=frozenset({GROUP, INGRESS_RULE, EGRESS_RULE}),
        check=_says_what_it_is_for,
    ),
    Rule(
        id="network-no-open-door",
        title="No security group lets the whole internet in",
        why="Nothing here is meant to be reached but through the API.",
        types=frozenset({INGRESS_RULE}),
        check=_lets_nobody_in_from_anywhere,
    ),
    Rule(
        id="network-narrow-exit",
        title="What may go anywhere goes by HTTPS only",
        why="An open exit is how data leaves.",
        types=frozenset({EGRESS_RULE}),
        check=_goes_anywhere_by_https_only,
    ),
    Rule(
        id="network-rules-apart",
        title="Security groups hold no rules themselves",
        why="Rules inside a group and rules as resources undo each other at every update.",
        types=frozenset({GROUP}),
        check=_has_rules_of_their_own,
    ),
    Rule(
        id="network-default-group-empty",
        title="The network's default security group is emptied",
        why="Whatever names no group gets this one, and it lets its members talk freely.",
        types=frozenset({VPC}),
        check=_empties_the_default_group,
    ),
)
