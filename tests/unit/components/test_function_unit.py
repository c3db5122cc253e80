"""FunctionUnit: one function, its role and its log group."""

import sys

import pytest

from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.policy import PolicyStatement
from functions.common.names import Service
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_network, a_platform, document_of, statements_of

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SEND = PolicyStatement(actions=("sqs:SendMessage",), resources=("arn:queue",))


def unit_args(**changes: object) -> FunctionUnitArgs:
    values: dict[str, object] = {
        "service": Service.INGEST,
        "platform": a_platform(),
        "memory_mb": 512,
        "timeout_seconds": 10,
        "environment": {"QUEUE_URL": "https://queue"},
        "statements": (SEND,),
    }
    return FunctionUnitArgs(**values | changes)


def unit_with(**changes: object) -> Recorder:
    return deploy(lambda: FunctionUnit("ingest", unit_args(**changes)))


def placed() -> Recorder:
    return deploy(lambda: FunctionUnit("ingest", unit_args(placement=a_network().functions)))


def test_a_function_consists_of_exactly_these_parts():
    stack = unit_with()

    assert [
        (LOG_GROUP, "ingest-logs"),
        ("aws:iam/role:Role", "ingest-role"),
        ("aws:iam/rolePolicy:RolePolicy", "ingest-policy"),
        (FUNCTION, "ingest-function"),
    ] == stack.children("ingest")


def test_a_function_outside_the_network_is_asked_for_exactly_so():
    inputs = unit_with().one(FUNCTION).inputs

    assert "FileArchive" == type(inputs.pop("code")).__name__
    assert {
        "name": "fluxa-test-ingest",
        "description": "Fluxa's ingest function",
        "role": "arn:aws:test:::ingest-role",
        "runtime": "python3.13",
        "architectures": ["arm64"],
        "handler": "functions.ingest.handler.handler",
        "memorySize": 512,
        "timeout": 10,
        "environment": {
            "variables": {
                "STACK": "test",
                "LOG_LEVEL": "INFO",
                "FLUXA_VERSION": "1.2.3",
                "SETTINGS_FINGERPRINT": "abc",
                "QUEUE_URL": "https://queue",
            }
        },
        "loggingConfig": {"logFormat": "Text", "logGroup": "/aws/lambda/fluxa-test-ingest"},
    } == inputs


def test_the_log_group_forgets_in_time_and_exists_before_the_function():
    stack = unit_with()

    inputs = stack.one(LOG_GROUP).inputs
    assert ("/aws/lambda/fluxa-test-ingest", 14) == (inputs["name"], inputs["retentionInDays"])
    assert {"ingest-logs", "ingest-policy"} <= stack.one(FUNCTION).dependencies


def test_only_lambda_takes_on_the_role():
    document = document_of(unit_with().one("aws:iam/role:Role"), "assumeRolePolicy")

    assert [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ] == document["Statement"]


def test_the_role_may_do_what_was_offered_and_write_to_its_own_log():
    assert [
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["arn:queue"]},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": ["arn:aws:test:::ingest-logs:*"],
        },
    ] == statements_of(unit_with(), "ingest-policy")


def test_inside_the_network_lambda_manages_interfaces_and_the_functions_code_may_not():
    stack = placed()

    allow, deny = statements_of(stack, "ingest-policy")[2:]
    assert ("Allow", ["*"]) == (allow["Effect"], allow["Resource"])
    assert {"ec2"} == {action.split(":")[0] for action in allow["Action"]}
    assert ("Deny", {"Null": {"lambda:SourceFunctionArn": "false"}}) == (deny["Effect"], deny["Condition"])
    assert allow["Action"] == deny["Action"]


def test_inside_the_network_the_function_has_its_own_group_and_leaves_it_on_the_way_out():
    inputs = placed().one(FUNCTION).inputs

    assert {
        "subnetIds": ["network-functions-0-id", "network-functions-1-id"],
        "securityGroupIds": ["network-functions-group-id"],
    } == inputs["vpcConfig"]
    assert (True, ["network-default-id"]) == (
        inputs["replaceSecurityGroupsOnDestroy"],
        inputs["replacementSecurityGroupIds"],
    )


def test_concurrency_is_reserved_only_when_asked_for():
    assert 7 == unit_with(reserved_concurrency=7).one(FUNCTION).inputs["reservedConcurrentExecutions"]
    assert "reservedConcurrentExecutions" not in unit_with().one(FUNCTION).inputs


@pytest.mark.parametrize(
    ("machine", "expected"), [("aarch64", "arm64"), ("arm64", "arm64"), ("x86_64", "x86_64"), ("AMD64", "x86_64")]
)
def test_a_host_build_is_declared_as_what_this_machine_runs(machine, expected, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: machine)

    platform = a_platform(architecture="host")

    assert expected == platform.lambda_architecture()
    assert f"python3.{sys.version_info.minor}" == platform.runtime()


@pytest.mark.parametrize("seconds", [0, 901])
def test_a_timeout_beyond_lambdas_is_refused(seconds):
    with pytest.raises(ValueError, match=rf"timeout_seconds must be 1..900, got {seconds}"):
        unit_args(timeout_seconds=seconds)


def test_a_unit_cannot_replace_what_every_function_is_told():
    with pytest.raises(ValueError, match=r"every function has these environment keys already: \['STACK'\]"):
        unit_args(environment={"STACK": "other"})
