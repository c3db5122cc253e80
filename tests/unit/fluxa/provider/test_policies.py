"""Only the rule that demands TLS is left out of a policy: the emulator speaks plain HTTP on loopback."""

import json
from typing import Any

import pytest

from fluxa.local.provider.policies import with_batch_actions, without_tls_rule

TLS = {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
OLD_TLS = {"Effect": "Deny", "Action": "s3:*", "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}
OTHERS = [
    {"Effect": "Deny", "Action": "s3:DeleteObject"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    {
        "Effect": "Deny",
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalTag/team": "x"}},
    },
]


def statements(policy: str) -> list[dict[str, Any]]:
    return json.loads(policy)["Statement"]


@pytest.mark.parametrize("rule", [TLS, OLD_TLS])
def test_the_tls_rule_goes_and_the_others_stay(rule: dict[str, Any]):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rule, *OTHERS]})

    assert OTHERS == statements(without_tls_rule(policy))


def test_a_policy_of_nothing_else_is_no_policy():
    assert without_tls_rule(json.dumps({"Statement": TLS})) == ""


def test_a_permission_covers_the_batch_form_of_its_call_as_on_aws():
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": ["sqs:ChangeMessageVisibility", "s3:GetObject"]}]})

    [statement] = statements(with_batch_actions(policy))
    assert ["sqs:ChangeMessageVisibility", "s3:GetObject", "sqs:ChangeMessageVisibilityBatch"] == statement["Action"]


@pytest.mark.parametrize("statement", [{"Effect": "Allow", "Action": "s3:GetObject"}, {"NotAction": "s3:*"}])
def test_other_permissions_gain_nothing(statement: dict[str, Any]):
    [kept] = statements(with_batch_actions(json.dumps({"Statement": [statement]})))

    assert "Batch" not in json.dumps(kept)
