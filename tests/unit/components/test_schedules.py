"""Schedules: what starts maintenance, how often it is tried, and where a run ends up that came to nothing."""

import json
from typing import Any

import pulumi

from components.function_unit import FunctionUnit, FunctionUnitArgs
from components.schedules import FailedRuns, FailedRunsArgs, Schedules, SchedulesArgs, TaskSchedule
from functions.common.names import Service
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import ACCOUNT_ID, a_key, a_naming, a_platform, document_of, statements_of

QUEUE = "aws:sqs/queue:Queue"
ROLE = "aws:iam/role:Role"
SCHEDULE = "aws:scheduler/schedule:Schedule"
RETRIES = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
QUEUE_ARN = "arn:aws:test:::failed-runs-queue"
TASKS = (
    TaskSchedule(task="partitions", expression="cron(17 3 * * ? *)", description="Prepares partitions"),
    TaskSchedule(task="reconcile", expression="cron(7 * * * ? *)", description="Compares"),
)


def schedules(**platform: Any) -> Recorder:
    def program() -> None:
        shared = a_platform(**platform)
        failed_runs = FailedRuns("failed-runs", FailedRunsArgs(platform=shared, encryption="sqs"))
        function = FunctionUnit(
            "maintenance",
            FunctionUnitArgs(service=Service.MAINTENANCE, platform=shared, memory_mb=128, timeout_seconds=10),
        )
        migrated = pulumi.CustomResource("test:index:Done", "migrated", {})
        args = SchedulesArgs(platform=shared, function=function, failed_runs=failed_runs, tasks=TASKS, after=[migrated])
        Schedules("schedules", args)

    return deploy(program)


def encrypted_queue() -> Recorder:
    def program() -> None:
        FailedRuns("failed-runs", FailedRunsArgs(platform=a_platform(key=a_key()), encryption="kms"))

    return deploy(program)


def test_each_task_has_one_schedule_under_one_role():
    assert [
        ("aws:iam/role:Role", "schedules-role"),
        ("aws:iam/rolePolicy:RolePolicy", "schedules-policy"),
        (RETRIES, "schedules-retries"),
        (SCHEDULE, "schedules-partitions"),
        (SCHEDULE, "schedules-reconcile"),
    ] == schedules().children("schedules")


def test_a_schedule_calls_the_alias_by_utc_and_parks_what_it_cannot_start():
    inputs = schedules().one(SCHEDULE, "schedules-partitions").inputs

    target = inputs.pop("target")
    assert {
        "name": "fluxa-test-schedules-partitions",
        "description": "Prepares partitions",
        "scheduleExpression": "cron(17 3 * * ? *)",
        "scheduleExpressionTimezone": "UTC",
        "flexibleTimeWindow": {"mode": "OFF"},
    } == inputs
    assert {"task": "partitions"} == json.loads(target.pop("input"))
    assert {
        "arn": "arn:aws:test:::maintenance-live",
        "roleArn": "arn:aws:test:::schedules-role",
        "retryPolicy": {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 3_600},
        "deadLetterConfig": {"arn": QUEUE_ARN},
    } == target


def test_the_name_of_a_schedule_fits_in_the_stack_with_the_longest_name():
    stack = schedules(naming=a_naming("a-stack-with-a-long-name"))

    for item in stack.of_type(SCHEDULE):
        assert len(item.inputs["name"]) <= 64
        assert item.delete_before_replace


def test_a_run_that_fails_is_tried_twice_more_and_then_parked():
    """Scheduler hands a run over and does not wait for its end: what becomes of it is Lambda's to know."""
    retries = schedules().one(RETRIES)

    assert {
        "functionName": "fluxa-test-maintenance",
        "qualifier": "live",
        "maximumRetryAttempts": 2,
        "maximumEventAgeInSeconds": 3_600,
        "destinationConfig": {"onFailure": {"destination": QUEUE_ARN}},
    } == retries.inputs
    assert {"maintenance-policy", "maintenance-live"} <= retries.dependencies


def test_nothing_is_started_before_there_is_something_to_start_and_a_place_for_failures():
    for item in schedules().of_type(SCHEDULE):
        assert {"migrated", "schedules-policy", "schedules-retries"} <= item.dependencies


def test_the_schedulers_role_starts_the_function_parks_failures_and_can_do_nothing_else():
    assert [
        {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": ["arn:aws:test:::maintenance-live"]},
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [QUEUE_ARN]},
    ] == statements_of(schedules(), "schedules-policy")


def test_schedules_of_other_accounts_cannot_borrow_the_role():
    (statement,) = document_of(schedules().one(ROLE, "schedules-role"), "assumeRolePolicy")["Statement"]

    assert {"Service": "scheduler.amazonaws.com"} == statement["Principal"]
    assert {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}} == statement["Condition"]


def test_failed_runs_wait_for_two_weeks_encrypted_and_over_tls_only():
    stack = schedules()

    assert {
        "messageRetentionSeconds": 14 * 86_400,
        "receiveWaitTimeSeconds": 20,
        "maxMessageSize": 1_048_576,
        "sqsManagedSseEnabled": True,
    } == stack.one(QUEUE).inputs
    (statement,) = document_of(stack.one("aws:sqs/queuePolicy:QueuePolicy"))["Statement"]
    assert ("Deny", [QUEUE_ARN], {"Bool": {"aws:SecureTransport": "false"}}) == (
        statement["Effect"],
        statement["Resource"],
        statement["Condition"],
    )


def test_failed_runs_may_go_with_the_stack_because_nothing_is_lost_with_them():
    assert not schedules().one(QUEUE).protect


def test_failed_runs_are_encrypted_with_the_stacks_key_where_queues_are():
    inputs = encrypted_queue().one(QUEUE).inputs

    assert ("arn:aws:test:::encryption-key", 300) == (
        inputs["kmsMasterKeyId"],
        inputs["kmsDataKeyReusePeriodSeconds"],
    )
    assert "sqsManagedSseEnabled" not in inputs
