"""FunctionUnit: one function, its role and its log group."""

import json
from typing import Any

import pulumi
import pytest

from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.log_groups import LogKeeping
from components.policy import PolicyStatement, policy_json
from components.settings import FunctionsSettings
from functions.common.names import Service
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import a_key, a_network, a_platform, document_of, statements_of

FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
WARM = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
KEY_ARN = "arn:aws:test:::encryption-key"
CODE_SIGNING_ARN = "arn:aws:lambda:eu-central-1:123456789012:code-signing-config:csc-0123456789abcdef0"
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


def unit_on(**platform: Any) -> Recorder:
    """Return a unit of a stack whose platform differs from the usual one."""
    return deploy(lambda: FunctionUnit("ingest", unit_args(platform=a_platform(**platform))))


def unit_with_own_key(**functions: Any) -> Recorder:
    def program() -> None:
        platform = a_platform(key=a_key(), functions=FunctionsSettings(**functions))
        FunctionUnit("ingest", unit_args(platform=platform))

    return deploy(program)


def placed() -> Recorder:
    return deploy(lambda: FunctionUnit("ingest", unit_args(placement=a_network().functions)))


def test_a_function_consists_of_exactly_these_parts():
    stack = unit_with()

    assert [
        (LOG_GROUP, "ingest-logs"),
        ("aws:iam/role:Role", "ingest-role"),
        ("aws:iam/rolePolicy:RolePolicy", "ingest-policy"),
        (ALIAS, "ingest-live"),
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
        "publish": True,
        "tracingConfig": {"mode": "PassThrough"},
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


def test_the_alias_is_what_everybody_calls_and_points_at_the_version_just_published():
    found: dict[str, object] = {}

    def program() -> None:
        unit = FunctionUnit("ingest", unit_args())
        policy_json([unit.invoke_statement()]).apply(lambda text: found.update(json.loads(text)["Statement"][0]))
        unit.invoke_arn.apply(lambda arn: found.update(invoke_arn=arn))
        unit.qualifier.apply(lambda qualifier: found.update(qualifier=qualifier))

    alias = deploy(program).one(ALIAS)
    assert ("live", "fluxa-test-ingest", "7") == (
        alias.inputs["name"],
        alias.inputs["functionName"],
        alias.inputs["functionVersion"],
    )
    assert (["lambda:InvokeFunction"], ["arn:aws:test:::ingest-live"]) == (found["Action"], found["Resource"])
    assert ("arn:aws:apigateway:::ingest-live", "live") == (found["invoke_arn"], found["qualifier"])


def test_what_waits_for_a_function_waits_for_its_alias_and_its_permissions():
    def program() -> None:
        unit = FunctionUnit("ingest", unit_args())
        pulumi.CustomResource("test:index:Caller", "caller", {}, pulumi.ResourceOptions(depends_on=unit.ready))

    caller = deploy(program).one("test:index:Caller")
    assert {"ingest-function", "ingest-live", "ingest-policy"} <= caller.dependencies


def test_names_that_are_fixed_are_freed_before_they_are_used_again():
    stack = unit_with()

    assert stack.one(FUNCTION).delete_before_replace
    assert stack.one(ALIAS).delete_before_replace


def test_concurrency_is_reserved_only_when_asked_for():
    assert 7 == unit_with(reserved_concurrency=7).one(FUNCTION).inputs["reservedConcurrentExecutions"]
    assert "reservedConcurrentExecutions" not in unit_with().one(FUNCTION).inputs


def test_environments_are_kept_warm_behind_the_alias_and_only_when_asked_for():
    warm = unit_with(provisioned_concurrency=3).one(WARM)

    assert {
        "functionName": "fluxa-test-ingest",
        "qualifier": "live",
        "provisionedConcurrentExecutions": 3,
    } == warm.inputs
    assert "ingest-live" in warm.dependencies
    assert [] == unit_with().of_type(WARM)


def test_a_traced_function_may_send_its_traces():
    stack = unit_on(tracing=True)

    assert {"mode": "Active"} == stack.one(FUNCTION).inputs["tracingConfig"]
    assert {
        "Effect": "Allow",
        "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "Resource": ["*"],
    } == statements_of(stack, "ingest-policy")[-1]


def test_a_function_that_is_not_traced_says_so_and_may_not():
    """Left out, the setting of an earlier deployment would stay."""
    stack = unit_on(tracing=False)

    assert {"mode": "PassThrough"} == stack.one(FUNCTION).inputs["tracingConfig"]
    assert "xray" not in str(statements_of(stack, "ingest-policy"))


def test_the_stacks_key_encrypts_the_environment_and_lambda_alone_decrypts_it():
    stack = unit_with_own_key(environment_encryption="kms")

    assert KEY_ARN == stack.one(FUNCTION).inputs["kmsKeyArn"]
    assert {
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": [KEY_ARN],
        "Condition": {"StringEquals": {"kms:ViaService": "lambda.eu-central-1.amazonaws.com"}},
    } == statements_of(stack, "ingest-policy")[-1]


def test_an_environment_stays_with_lambdas_key_unless_its_own_setting_says_otherwise():
    stack = unit_with_own_key(environment_encryption="aws")

    assert "kmsKeyArn" not in stack.one(FUNCTION).inputs
    assert "kms:" not in str(statements_of(stack, "ingest-policy"))


def test_code_is_signed_only_where_a_configuration_says_by_whom():
    signed = unit_on(functions=FunctionsSettings(code_signing_config_arn=CODE_SIGNING_ARN))

    assert CODE_SIGNING_ARN == signed.one(FUNCTION).inputs["codeSigningConfigArn"]
    assert "codeSigningConfigArn" not in unit_with().one(FUNCTION).inputs


def test_the_log_group_is_encrypted_with_the_key_that_logs_are_kept_under():
    stack = unit_on(logs=LogKeeping(retention_days=30, key_arn=pulumi.Output.from_input(KEY_ARN)))

    assert (KEY_ARN, 30) == (
        stack.one(LOG_GROUP).inputs["kmsKeyId"],
        stack.one(LOG_GROUP).inputs["retentionInDays"],
    )


@pytest.mark.parametrize("seconds", [0, 901])
def test_a_timeout_beyond_lambdas_is_refused(seconds):
    with pytest.raises(ValueError, match=rf"timeout_seconds must be 1..900, got {seconds}"):
        unit_args(timeout_seconds=seconds)


def test_a_unit_cannot_replace_what_every_function_is_told():
    with pytest.raises(ValueError, match=r"every function has these environment keys already: \['STACK'\]"):
        unit_args(environment={"STACK": "other"})
