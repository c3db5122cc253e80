"""WebAcl: what AWS WAF refuses before a request reaches the API, and a log of what it refused."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, wafv2

from components.api_access import API_KEY_HEADER
from components.platform import StackPlatform
from components.policy import PolicyStatement, policy_json

_RATE_RULE = "requests-per-address"
_RATE_WINDOW_SECONDS = 300
"""What `api.waf_requests_per_5_minutes` counts over."""

# AWS's common rule set is missing on purpose: it refuses every body above 8 KB, and an event may have 5 MiB.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
_MANAGED_GROUPS = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
"""Addresses that AWS knows for attacks, and requests that are attacks wherever they go, Log4j's among them."""
_LOG_GROUP_PREFIX = "aws-waf-logs-"
"""WAF takes no other.
https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
"""
_LOG_GROUP_NAME_LENGTH = 512
_SECRET_HEADERS = (API_KEY_HEADER, "authorization")


@dataclass(frozen=True, kw_only=True)
class WebAclArgs:
    """What the web ACL depends on."""

    platform: StackPlatform
    stage_arn: pulumi.Output[str]
    requests_per_5_minutes: int
    """What one client address may send."""


class WebAcl(pulumi.ComponentResource):
    """A regional web ACL in front of one stage. What it blocks, the gateway answers with its own problem document."""

    def __init__(self, name: str, args: WebAclArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:web_acl:WebAcl", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        acl = wafv2.WebAcl(
            f"{name}-acl",
            description=f"In front of the API of {args.platform.naming.stack}",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[
                *(_managed(priority, group) for priority, group in enumerate(_MANAGED_GROUPS)),
                _rate_limit(len(_MANAGED_GROUPS), args.requests_per_5_minutes),
            ],
            visibility_config=_visibility(name),
            opts=child,
        )
        wafv2.WebAclAssociation(f"{name}-association", resource_arn=args.stage_arn, web_acl_arn=acl.arn, opts=child)
        self._write_down_what_is_refused(name, args.platform, acl)
        self.register_outputs({})

    def _write_down_what_is_refused(self, name: str, platform: StackPlatform, acl: wafv2.WebAcl) -> None:
        child = pulumi.ResourceOptions(parent=self)
        role = platform.naming.physical("api", max_length=_LOG_GROUP_NAME_LENGTH - len(_LOG_GROUP_PREFIX))
        group = platform.logs.group(f"{name}-lines", f"{_LOG_GROUP_PREFIX}{role}", child)
        # Without it WAF would write a policy of its own into the account, and nobody would remove that.
        permission = cloudwatch.LogResourcePolicy(
            f"{name}-lines-policy",
            policy_name=f"{_LOG_GROUP_PREFIX}{role}",
            policy_document=policy_json([_delivery_statement(platform, group)]),
            opts=child,
        )
        wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=acl.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[{"single_header": {"name": header}} for header in _SECRET_HEADERS],
            # The access log has every request; here are the ones refused, with the rule that did.
            logging_filter={
                "default_behavior": "DROP",
                "filters": [
                    {
                        "behavior": "KEEP",
                        "requirement": "MEETS_ANY",
                        "conditions": [{"action_condition": {"action": "BLOCK"}}],
                    }
                ],
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )


def _managed(priority: int, group: str) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": group,
        "priority": priority,
        # The group's rules decide.
        "override_action": {"none": {}},
        "statement": {"managed_rule_group_statement": {"vendor_name": "AWS", "name": group}},
        "visibility_config": _visibility(group),
    }


def _rate_limit(priority: int, requests: int) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": _RATE_RULE,
        "priority": priority,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {
                "limit": requests,
                "aggregate_key_type": "IP",
                "evaluation_window_sec": _RATE_WINDOW_SECONDS,
            }
        },
        "visibility_config": _visibility(_RATE_RULE),
    }


def _visibility(metric: str) -> wafv2.WebAclRuleVisibilityConfigArgsDict:
    # Samples show whole headers, keys among them, and nothing can be blacked out there.
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}


def _delivery_statement(platform: StackPlatform, group: cloudwatch.LogGroup) -> PolicyStatement:
    account = platform.account
    sources = pulumi.Output.concat("arn:aws:logs:", account.region, ":", account.account_id, ":*")
    return PolicyStatement(
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=(pulumi.Output.concat(group.arn, ":*"),),
        principals={"Service": "delivery.logs.amazonaws.com"},
        conditions={"StringEquals": {"aws:SourceAccount": account.account_id}, "ArnLike": {"aws:SourceArn": sources}},
    )
