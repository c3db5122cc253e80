"""What a function may do is what its code does: no more, and no less."""

import ast
import json

import pytest

from tests.support.stack_builders import REPOSITORY
from tests.support.whole_stack import STACKS, recorded

CALLS = {
    "ingest": {"sqs:SendMessage": "send_message", "s3:PutObject": "put_object"},
    "processor": {
        "sqs:SendMessage": "send_message",
        "sqs:ChangeMessageVisibility": "change_message_visibility_batch",
        "s3:GetObject": "get_object",
        "ssm:GetParameter": "get_parameter",
    },
    "query": {
        "sqs:GetQueueAttributes": "get_queue_attributes",
        "s3:GetObject": "generate_presigned_url",
        "ssm:GetParameter": "get_parameter",
    },
    "maintenance": {"ssm:GetParameter": "get_parameter"},
}
"""Function → permission → the boto3 method in functions/adapters that needs it."""

BATCH_FORMS = {"send_message_batch"}
"""Methods that a permission in the table above covers beside its own, as IAM has no action for them.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
"""

NO_CALL_OF_OURS = {
    "processor": {
        # Lambda's poller takes messages and deletes them, with the function's role.
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        # Without it S3 answers 403 instead of 404 for a payload that does not exist.
        "s3:ListBucket",
    }
}
"""Function → permissions that are needed without a call in our code."""

LAMBDAS_OWN = ("logs:", "ec2:")
"""What Lambda needs to run the function at all: its log, and its network interfaces."""

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"


def statements(stack: str) -> list[tuple[str, dict[str, object]]]:
    return [
        (item.name, statement)
        for item in recorded(stack).of_type(ROLE_POLICY)
        for statement in json.loads(item.inputs["policy"])["Statement"]
    ]


def granted(service: str) -> set[str]:
    return {
        action
        for name, statement in statements("dev")
        if name == f"{service}-policy" and statement["Effect"] == "Allow"
        for action in statement["Action"]
        if not action.startswith(LAMBDAS_OWN)
    }


def adapter_calls() -> set[str]:
    """Return every method that an adapter calls on a boto3 client."""
    found = set()
    for path in sorted((REPOSITORY / "functions" / "adapters").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                holder = node.func.value
                holder = holder.func if isinstance(holder, ast.Call) else holder
                if isinstance(holder, ast.Attribute) and holder.attr in {"_client", "client"}:
                    found.add(node.func.attr)
    return found


@pytest.mark.parametrize("service", CALLS)
def test_a_function_may_do_what_its_adapters_call_and_nothing_else(service):
    assert set(CALLS[service]) | NO_CALL_OF_OURS.get(service, set()) == granted(service)


def test_the_table_knows_every_call_of_every_adapter():
    assert {method for calls in CALLS.values() for method in calls.values()} | BATCH_FORMS == adapter_calls()


@pytest.mark.parametrize("stack", STACKS)
def test_no_role_is_allowed_everything_of_anything(stack):
    for name, statement in statements(stack):
        if statement["Effect"] == "Allow":
            assert not [action for action in statement["Action"] if "*" in action], name


@pytest.mark.parametrize("stack", STACKS)
def test_only_network_interfaces_are_granted_without_naming_a_resource(stack):
    wide = {
        action
        for _, statement in statements(stack)
        if statement["Effect"] == "Allow" and "*" in statement["Resource"]
        for action in statement["Action"]
    }

    assert {"ec2"} == {action.split(":")[0] for action in wide}


@pytest.mark.parametrize("stack", STACKS)
def test_no_function_makes_its_own_log_group(stack):
    assert not [name for name, statement in statements(stack) if "logs:CreateLogGroup" in statement["Action"]]
