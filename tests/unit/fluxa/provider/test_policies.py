"""Only the rule that demands TLS is left out of a policy: the emulator speaks plain HTTP on loopback."""

import json
from typing import Any

import pytest

from fluxa.local.provider.policies import without_tls_rule

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
