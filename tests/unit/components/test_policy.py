"""PolicyStatement: permissions are written out, and a wildcard has a reason."""

import pytest

from components.policy import PolicyStatement


@pytest.mark.parametrize("action", ["*", "sqs:*", "s3:Get*", "SendMessage"])
def test_actions_are_named_one_by_one(action):
    with pytest.raises(ValueError, match=r"actions are written out, one by one, got \["):
        PolicyStatement(actions=(action,), resources=("arn",))


def test_every_resource_needs_a_reason():
    with pytest.raises(ValueError, match=r"ec2:DescribeSubnets: resource `\*` needs a reason"):
        PolicyStatement(actions=("ec2:DescribeSubnets",), resources=("*",))

    assert PolicyStatement(actions=("ec2:DescribeSubnets",), resources=("*",), reason="It takes no other.")


@pytest.mark.parametrize(("actions", "resources"), [((), ("arn",)), (("sqs:SendMessage",), ())])
def test_an_empty_statement_is_refused(actions, resources):
    with pytest.raises(ValueError, match=r"needs at least one action and one resource"):
        PolicyStatement(actions=actions, resources=resources)


def test_at_an_endpoint_a_statement_keeps_its_own_conditions():
    conditions = {"StringLike": {"s3:prefix": "a/*"}}
    narrow = PolicyStatement(actions=("s3:ListBucket",), resources=("arn",), conditions=conditions)

    assert {
        "StringLike": {"s3:prefix": "a/*"},
        "StringEquals": {"aws:PrincipalAccount": "123456789012"},
    } == narrow.within_account("123456789012").conditions


def test_a_refusal_may_be_wide():
    assert PolicyStatement(effect="Deny", actions=("sqs:*",), resources=("*",))
