"""WebAcl: what is refused in front of the API, and what is written down about it."""

from typing import Any

import pytest

from tests.support.api_stack import api_with
from tests.support.pulumi_recorder import Recorder
from tests.support.stack_builders import ACCOUNT_ID, document_of

ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
RESOURCE_POLICY = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"


def guarded(**settings: Any) -> Recorder:
    return api_with(waf=True, **settings)


def rules(stack: Recorder) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in stack.one(ACL).inputs["rules"]}


def test_nothing_stands_in_front_unless_asked_for():
    assert [] == [item.name for item in api_with().resources if "waf" in item.type.lower()]


def test_the_guard_consists_of_exactly_these_parts():
    assert [
        ("aws:cloudwatch/logGroup:LogGroup", "api-waf-lines"),
        (RESOURCE_POLICY, "api-waf-lines-policy"),
        (ACL, "api-waf-acl"),
        (ASSOCIATION, "api-waf-association"),
        (LOGGING, "api-waf-logging"),
    ] == guarded().children("api-waf")


def test_it_guards_the_stage():
    assert {
        "resourceArn": "arn:aws:test:::api-stage",
        "webAclArn": "arn:aws:test:::api-waf-acl",
    } == guarded().one(ASSOCIATION).inputs


def test_what_no_rule_refuses_passes_in_this_region():
    inputs = guarded().one(ACL).inputs

    assert ("REGIONAL", {"allow": {}}) == (inputs["scope"], inputs["defaultAction"])


def test_aws_lists_of_bad_addresses_and_inputs_are_asked_first_and_decide_for_themselves():
    found = rules(guarded())

    for priority, name in enumerate(("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")):
        assert priority == found[name]["priority"]
        assert {"none": {}} == found[name]["overrideAction"]
        assert {"managedRuleGroupStatement": {"vendorName": "AWS", "name": name}} == found[name]["statement"]


def test_no_rule_refuses_large_events():
    # The common rule set does, from 8 KB on.
    assert {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "requests-per-address",
    } == set(rules(guarded()))


def test_an_address_that_sends_too_much_is_blocked():
    rule = rules(guarded(waf_requests_per_5_minutes=321))["requests-per-address"]

    assert {"rateBasedStatement": {"limit": 321, "aggregateKeyType": "IP", "evaluationWindowSec": 300}} == rule[
        "statement"
    ]
    assert {"block": {}} == rule["action"]


def test_every_rule_is_counted_and_no_request_is_sampled_with_its_key():
    acl = guarded().one(ACL).inputs

    seen = [acl["visibilityConfig"], *(rule["visibilityConfig"] for rule in acl["rules"])]
    assert {(True, False)} == {(item["cloudwatchMetricsEnabled"], item["sampledRequestsEnabled"]) for item in seen}
    assert len(seen) == len({item["metricName"] for item in seen})


def test_only_refusals_are_written_down_and_never_a_key_or_signature():
    inputs = guarded().one(LOGGING).inputs

    assert {
        "resourceArn": "arn:aws:test:::api-waf-acl",
        "logDestinationConfigs": ["arn:aws:test:::api-waf-lines"],
        "redactedFields": [{"singleHeader": {"name": "x-api-key"}}, {"singleHeader": {"name": "authorization"}}],
        "loggingFilter": {
            "defaultBehavior": "DROP",
            "filters": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "conditions": [{"actionCondition": {"action": "BLOCK"}}],
                }
            ],
        },
    } == inputs


def test_the_log_has_the_name_that_waf_insists_on_and_forgets_in_time():
    group = guarded().one("aws:cloudwatch/logGroup:LogGroup", "api-waf-lines").inputs

    assert {"name": "aws-waf-logs-fluxa-test-api", "retentionInDays": 14} == group


def test_only_aws_log_delivery_for_this_account_writes_to_that_log():
    stack = guarded()

    (statement,) = document_of(stack.one(RESOURCE_POLICY), "policyDocument")["Statement"]
    assert {
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": ["arn:aws:test:::api-waf-lines:*"],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": f"arn:aws:logs:eu-central-1:{ACCOUNT_ID}:*"},
        },
    } == statement
    assert "api-waf-lines-policy" in stack.one(LOGGING).dependencies


@pytest.mark.parametrize("changes", [{}, {"waf_requests_per_5_minutes": 10}])
def test_the_guard_takes_effect_without_a_new_deployment(changes):
    deployment = "aws:apigateway/deployment:Deployment"

    assert api_with().one(deployment).inputs == guarded(**changes).one(deployment).inputs
