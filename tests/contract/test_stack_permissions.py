"""What no role of any stack may be allowed, read from the program. That every action is used, tests/e2e proves."""

import functools
import json

import pytest

from fluxa.local.engine import Recording, run_program
from tests.support.stack_builders import REPOSITORY
from tests.support.whole_stack import SERVICES, STACKS, Memory, recorded

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

WILDCARDS = {
    "ec2": "the interfaces do not exist yet when Lambda asks to make them",
    "xray": "traces belong to the account",
    "cloudwatch": "metrics are no resources",
    "logs": "API Gateway insists on being allowed every log group, once in an account",
}
"""Services whose actions are granted on `*`, and why nothing narrower can be named."""

EVERYTHING = {"functions.bundles": "named", "api.manage_logging_role": True}


@functools.cache
def with_the_accounts_own_role() -> Recording:
    """Production, where it also sets what belongs to the whole account."""
    return run_program(REPOSITORY, "prod", Memory(), overrides=EVERYTHING)


def statements(recording: Recording) -> list[tuple[str, dict[str, object]]]:
    return [
        (item.name, statement)
        for item in recording.of_type(ROLE_POLICY)
        for statement in json.loads(item.inputs["policy"])["Statement"]
    ]


def granted_on_everything(recording: Recording) -> set[str]:
    return {
        action.partition(":")[0]
        for _, statement in statements(recording)
        if statement["Effect"] == "Allow" and "*" in statement["Resource"]
        for action in statement["Action"]
    }


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_is_allowed_everything_of_anything(stack):
    for name, statement in statements(recorded(stack)):
        if statement["Effect"] == "Allow":
            assert not [action for action in statement["Action"] if "*" in action], name


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_is_granted_anything_on_everything_without_a_known_reason(stack):
    assert set() == granted_on_everything(recorded(stack)) - set(WILDCARDS)


def test_there_are_four_wildcards_at_most_and_each_is_still_needed():
    assert set(WILDCARDS) == granted_on_everything(with_the_accounts_own_role())
    assert 4 >= len(WILDCARDS)


@pytest.mark.parametrize("stack", STACKS)
def test_no_function_makes_its_own_log_group(stack):
    makers = {name for name, statement in statements(recorded(stack)) if "logs:CreateLogGroup" in statement["Action"]}

    assert set() == makers & {f"{service}-policy" for service in SERVICES}
