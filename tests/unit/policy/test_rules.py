"""Every rule finds what it is for, and says nothing when all is well or nobody can know."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from policy import RULES, UNKNOWN, Resource, Stack, judge, tokens
from tests.support.policy_stacks import item, stack
from tests.unit.policy.cases import CASES, allow, granted, policy, single

BY_ID = {rule.id: rule for rule in RULES}


def unknown(value: Any) -> Any:
    """Return a value of the same shape of which nothing is known."""
    if isinstance(value, Mapping):
        return {key: unknown(inner) for key, inner in value.items()}
    return UNKNOWN


def previewed(resource: Resource) -> Resource:
    return dataclasses.replace(resource, inputs=unknown(resource.inputs))


def test_every_rule_has_its_case_and_its_own_name():
    assert sorted(CASES) == sorted(rule.id for rule in RULES)
    assert {1} == set(Counter(rule.id for rule in RULES).values())


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_has_nothing_against_a_stack_that_keeps_it(rule: str):
    verdict = judge(CASES[rule].kept, [BY_ID[rule]])

    assert () == verdict.findings
    assert verdict.decided
    assert () == verdict.undecided


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_the_one_resource_that_breaks_it(rule: str):
    findings = judge(CASES[rule].broken, [BY_ID[rule]]).findings

    assert [CASES[rule].at] == [finding.urn.rpartition("::")[2] for finding in findings]


@pytest.mark.parametrize("rule", CASES)
def test_a_finding_says_what_to_do(rule: str):
    (finding,) = judge(CASES[rule].broken, [BY_ID[rule]]).findings

    problem, colon, remedy = finding.sentence.partition(": ")
    assert problem[0].islower()
    assert colon
    assert remedy
    assert not finding.sentence.endswith(".")


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_that_cannot_know_says_nothing(rule: str):
    before_deployment = Stack([previewed(resource) for resource in CASES[rule].kept.resources])

    assert () == judge(before_deployment, [BY_ID[rule]]).findings


def test_what_could_not_be_judged_is_named():
    queue = item(tokens.QUEUE, inputs={"receiveWaitTimeSeconds": UNKNOWN})

    assert (("queue-long-polling", queue.urn),) == judge(stack(queue), [BY_ID["queue-long-polling"]]).undecided


MORE = {
    "function-environment-without-secrets": [
        single(tokens.FUNCTION, {}, {"environment": {"variables": {"HINT": "postgresql://fluxa:hunter2@db/fluxa"}}}),
        single(tokens.FUNCTION, {}, {"environment": {"variables": {"ID": "AKIAABCDEFGHIJKLMNOP"}}}),
    ],
    "api-permission-exact": [
        single(tokens.PERMISSION, {"principal": "scheduler.amazonaws.com"}, {"principal": "apigateway.amazonaws.com"}),
    ],
    "role-trusts-one-service": [
        single(
            tokens.ROLE,
            {},
            {
                "assumeRolePolicy": policy(
                    allow("x", Principal={"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]})
                )
            },
        ),
        single(tokens.ROLE, {}, {"assumeRolePolicy": policy(allow("x", Principal="*"))}),
    ],
    "policy-names-actions": [
        single(
            tokens.ROLE_POLICY,
            {},
            {"policy": policy({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "arn:x"})},
        )
    ],
    "policy-names-resources": [
        # Two kinds in one statement hide each other.
        single(
            tokens.ROLE_POLICY,
            {},
            {
                "policy": policy(
                    {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "ec2:DescribeSubnets"], "Resource": "*"}
                )
            },
        )
    ],
    "alarm-tells-the-end": [single(tokens.ALARM, {}, {"actionsEnabled": False})],
    "no-secret-in-state": [
        single(tokens.INSTANCE, {"passwordWo": "s"}, {"password": "s"}),
        single(tokens.SECRET_VERSION, {"secretStringWo": "s"}, {"secretString": "s"}),
    ],
    "guarded-twice": [
        single(tokens.INSTANCE, {"deletionProtection": False}, {"deletionProtection": True}),
        single(tokens.LOG_GROUP, {}, {"deletionProtectionEnabled": True}),
    ],
}
"""Other ways to break a rule."""


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in MORE.items() for case in cases])
def test_a_rule_sees_other_ways_to_break_it(rule, case):
    assert () == judge(case.kept, [BY_ID[rule]]).findings
    assert [rule] == [finding.rule for finding in judge(case.broken, [BY_ID[rule]]).findings]


def test_a_queue_of_failed_schedules_needs_no_dead_letter_queue_of_its_own():
    failed = item(tokens.QUEUE, "failed")
    schedule = item(tokens.SCHEDULE, "schedule", links={"target": [failed]})

    assert () == judge(stack(failed, schedule), [BY_ID["queue-gives-up-somewhere"]]).findings


def test_services_with_log_groups_of_their_own_may_make_them():
    gateway = granted("logs:CreateLogGroup", service="apigateway.amazonaws.com")

    assert () == judge(gateway, [BY_ID["policy-no-log-groups"]]).findings


def test_a_proxy_before_a_throw_away_database_may_take_plain_connections():
    local = stack(
        item(tokens.INSTANCE, inputs={"deletionProtection": False, "skipFinalSnapshot": True}),
        item(tokens.RDS_PROXY, "proxy", {"requireTls": False}),
    )

    assert () == judge(local, [BY_ID["proxy-forces-tls"]]).findings


def test_there_are_at_most_four_kinds_of_permission_for_everything():
    from policy.identities import UNNAMEABLE

    assert len(UNNAMEABLE) <= 4
