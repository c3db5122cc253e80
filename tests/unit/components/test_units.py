"""The four units: what each function is told, what it may do, and what sets it in motion."""

import json
from collections.abc import Callable

import pulumi

from components.ingest import IngestUnit, IngestUnitArgs
from components.maintenance import MaintenanceUnit, MaintenanceUnitArgs
from components.processing import ProcessingUnit, ProcessingUnitArgs
from components.query import QueryUnit, QueryUnitArgs
from components.settings import IngestSettings, ProcessingSettings, QuerySettings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import (
    ACCOUNT_ID,
    SECRET,
    SECRET_LOOKUPS,
    NamedBundles,
    Surroundings,
    a_platform,
    document_of,
    statements_of,
    surroundings,
)

FUNCTION = "aws:lambda/function:Function"
FEED = "aws:lambda/eventSourceMapping:EventSourceMapping"
INVOCATION = "aws:lambda/invocation:Invocation"
SCHEDULE = "aws:scheduler/schedule:Schedule"
QUEUE_ARN = "arn:aws:test:::events-main"
PAYLOADS_ARN = "arn:aws:test:::payloads-bucket/payloads/*"
PASSWORD_ARN = "arn:aws:test:::database-password-parameter"
COMMON = {"STACK": "test", "LOG_LEVEL": "INFO", "FLUXA_VERSION": "1.2.3", "SETTINGS_FINGERPRINT": "abc"}
DATABASE = {
    "DATABASE_HOST": "database-instance.test",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "fluxa",
    "DATABASE_USER": "fluxa_admin",
    "DATABASE_PASSWORD_PARAMETER": "/fluxa/test/database/password",
    "DATABASE_TLS": "verify-full",
}


def among(build: Callable[[Surroundings], object]) -> Recorder:
    return deploy(lambda: build(surroundings()), lookups=SECRET_LOOKUPS)


def done() -> pulumi.Resource:
    """Something a unit has to wait for."""
    return pulumi.CustomResource("test:index:Done", "migrated", {})


def ingest(**settings: int) -> Recorder:
    def build(around: Surroundings) -> None:
        args = IngestUnitArgs(
            settings=IngestSettings(**settings), platform=a_platform(), queue=around.queue, payloads=around.payloads
        )
        IngestUnit("ingest", args)

    return among(build)


def processor(**settings: int) -> Recorder:
    def build(around: Surroundings) -> None:
        args = ProcessingUnitArgs(
            settings=ProcessingSettings(**settings),
            platform=a_platform(),
            network=around.network,
            database=around.database,
            queue=around.queue,
            payloads=around.payloads,
            after=[done()],
        )
        ProcessingUnit("processor", args)

    return among(build)


def query(**settings: int) -> Recorder:
    def build(around: Surroundings) -> None:
        args = QueryUnitArgs(
            settings=QuerySettings(**settings),
            platform=a_platform(),
            network=around.network,
            database=around.database,
            queue=around.queue,
            payloads=around.payloads,
            after=[done()],
        )
        QueryUnit("query", args)

    return among(build)


def maintenance(digest: str = "digest") -> Recorder:
    def build(around: Surroundings) -> None:
        args = MaintenanceUnitArgs(
            platform=a_platform(bundles=NamedBundles(digest)),
            account=around.account,
            network=around.network,
            database=around.database,
        )
        MaintenanceUnit("maintenance", args)

    return among(build)


def offered(stack: Recorder, policy: str) -> list[tuple[list[str], list[str]]]:
    """Return (actions, resources) that others offered: without a function's own log and network interfaces."""
    return [
        (item["Action"], item["Resource"])
        for item in statements_of(stack, policy)
        if not item["Action"][0].startswith(("logs:", "ec2:"))
    ]


def environment(stack: Recorder, name: str) -> dict[str, str]:
    return stack.one(FUNCTION, name).inputs["environment"]["variables"]


def test_ingest_is_told_where_events_and_payloads_go_and_what_is_too_large_to_travel_inline():
    stack = ingest(inline_limit_bytes=2_048)

    assert {
        **COMMON,
        "QUEUE_URL": "https://sqs.test/events-main",
        "PAYLOAD_BUCKET": "payloads-bucket-physical",
        "INLINE_LIMIT_BYTES": "2048",
        "SCHEMA_MODE": "off",
    } == environment(stack, "ingest-function")


def test_ingest_may_send_events_and_write_payloads():
    assert [(["sqs:SendMessage"], [QUEUE_ARN]), (["s3:PutObject"], [PAYLOADS_ARN])] == offered(
        ingest(), "ingest-policy"
    )


def test_ingest_stays_outside_the_network():
    assert "vpcConfig" not in ingest().one(FUNCTION).inputs


def test_the_processor_is_told_where_everything_is():
    assert {
        **COMMON,
        **DATABASE,
        "QUEUE_URL": "https://sqs.test/events-main",
        "DEAD_LETTER_QUEUE_URL": "https://sqs.test/events-dead-letters",
        "MAX_RECEIVE_COUNT": "10",
        "PAYLOAD_BUCKET": "payloads-bucket-physical",
    } == environment(processor(), "processor-function")


def test_the_processor_may_take_events_park_them_and_read_payloads_and_its_password():
    assert [
        (
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
            [QUEUE_ARN],
        ),
        (["sqs:SendMessage"], ["arn:aws:test:::events-dead-letters"]),
        (["s3:GetObject"], [PAYLOADS_ARN]),
        (["s3:ListBucket"], ["arn:aws:test:::payloads-bucket"]),
        (["ssm:GetParameter"], [PASSWORD_ARN]),
    ] == offered(processor(), "processor-policy")


def test_the_queue_feeds_the_processor_within_its_limits():
    stack = processor(batch_size=7, batching_window_seconds=2, max_concurrency=3)

    assert {
        "eventSourceArn": QUEUE_ARN,
        "functionName": "arn:aws:test:::processor-function",
        "batchSize": 7,
        "maximumBatchingWindowInSeconds": 2,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "scalingConfig": {"maximumConcurrency": 3},
    } == stack.one(FEED, "processor-feed").inputs


def test_no_event_is_taken_before_the_tables_and_the_permissions_are_there():
    stack = processor()

    assert {"migrated", "processor-policy", "processor-function"} <= stack.one(FEED).dependencies
    assert "migrated" in stack.one(FUNCTION).dependencies


def test_query_is_told_where_everything_is_and_which_key_signs_its_cursors():
    assert {
        **COMMON,
        **DATABASE,
        "QUEUE_URL": "https://sqs.test/events-main",
        "PAYLOAD_BUCKET": "payloads-bucket-physical",
        "CURSOR_KEY_PARAMETER": "/fluxa/test/query/cursor-key",
    } == environment(query(), "query-function")


def test_query_may_read_its_secrets_and_payloads_and_ask_after_the_queue():
    assert [
        (["ssm:GetParameter"], [PASSWORD_ARN]),
        (["ssm:GetParameter"], ["arn:aws:test:::query-cursor-key-parameter"]),
        (["s3:GetObject"], [PAYLOADS_ARN]),
        (["sqs:GetQueueAttributes"], [QUEUE_ARN]),
    ] == offered(query(), "query-policy")


def test_query_cannot_take_more_connections_than_its_share():
    assert 9 == query(max_concurrency=9).one(FUNCTION).inputs["reservedConcurrentExecutions"]


def test_query_waits_for_the_tables():
    assert "migrated" in query().one(FUNCTION).dependencies


def test_maintenance_is_told_where_the_database_is_and_may_read_its_password():
    stack = maintenance()

    assert {**COMMON, **DATABASE} == environment(stack, "maintenance-function")
    assert [(["ssm:GetParameter"], [PASSWORD_ARN])] == offered(stack, "maintenance-policy")


def test_migrations_run_once_for_each_version_of_the_bundle():
    first, second = (maintenance(digest).one(INVOCATION).inputs for digest in ("one", "two"))

    assert ("fluxa-test-maintenance", {"task": "migrate"}) == (first["functionName"], json.loads(first["input"]))
    assert {"bundle": "maintenance-one"} == first["triggers"]
    assert first["triggers"] != second["triggers"]


def test_migrations_wait_for_everything_on_the_way_to_the_database():
    stack = maintenance()

    waits_for = stack.one(INVOCATION).dependencies
    assert {"maintenance-policy", "maintenance-function", "database-instance", "network-database-in"} <= waits_for
    assert {"network-database-out", "network-s3"} <= waits_for


def test_partitions_are_prepared_once_a_day_by_a_role_that_can_do_nothing_else():
    stack = maintenance()

    inputs = stack.one(SCHEDULE).inputs
    target = inputs["target"]
    assert ("cron(17 3 * * ? *)", "UTC", "OFF") == (
        inputs["scheduleExpression"],
        inputs["scheduleExpressionTimezone"],
        inputs["flexibleTimeWindow"]["mode"],
    )
    assert ("arn:aws:test:::maintenance-function", "arn:aws:test:::maintenance-schedule-role") == (
        target["arn"],
        target["roleArn"],
    )
    assert {"task": "partitions"} == json.loads(target["input"])
    assert {"maximumRetryAttempts": 3, "maximumEventAgeInSeconds": 3_600} == target["retryPolicy"]
    assert [
        {
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": ["arn:aws:test:::maintenance-function"],
        }
    ] == statements_of(stack, "maintenance-schedule-policy")


def test_schedules_of_other_accounts_cannot_borrow_the_role():
    role = maintenance().one("aws:iam/role:Role", "maintenance-schedule-role")

    (statement,) = document_of(role, "assumeRolePolicy")["Statement"]
    assert {"Service": "scheduler.amazonaws.com"} == statement["Principal"]
    assert {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}} == statement["Condition"]


def test_no_secret_is_in_any_environment():
    for stack in (ingest(), processor(), query(), maintenance()):
        assert not [item.name for item in stack.of_type(FUNCTION) if SECRET in str(item.inputs)]
