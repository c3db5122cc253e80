"""Ingest, processor and query: what each function is told, what it may do, and what sets it in motion."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.ingest import IngestUnit, IngestUnitArgs
from components.processing import ProcessingUnit, ProcessingUnitArgs
from components.query import QueryUnit, QueryUnitArgs
from components.settings import StackSettings, parse_settings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import (
    SECRET,
    SECRET_LOOKUPS,
    Surroundings,
    a_key,
    a_platform,
    statements_of,
    surroundings,
)

FUNCTION = "aws:lambda/function:Function"
FEED = "aws:lambda/eventSourceMapping:EventSourceMapping"
WARM = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
QUEUE_ARN = "arn:aws:test:::events-main"
PAYLOADS_ARN = "arn:aws:test:::payloads-bucket/payloads/*"
MEBIBYTE = 1024 * 1024
KEY_ARN = "arn:aws:test:::encryption-key"
COMMON = {"STACK": "test", "LOG_LEVEL": "INFO", "FLUXA_VERSION": "1.2.3", "SETTINGS_FINGERPRINT": "abc"}
THROW_AWAY = {"deletion_protection": False}
PUBLIC = {"network": {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"]}, "database": THROW_AWAY}

Build = Callable[[StackSettings, Surroundings], object]


def done() -> pulumi.Resource:
    """Something a unit has to wait for."""
    return pulumi.CustomResource("test:index:Done", "migrated", {})


def built(build: Build, sections: dict[str, Any]) -> Recorder:
    """Return what a unit asks for in a stack of these settings."""
    settings = parse_settings(sections)

    def program() -> None:
        platform = a_platform(key=a_key() if settings.uses_own_key() else None)
        build(settings, surroundings(settings, platform))

    return deploy(program, lookups=SECRET_LOOKUPS)


def build_ingest(settings: StackSettings, around: Surroundings) -> None:
    IngestUnit(
        "ingest",
        IngestUnitArgs(settings=settings.ingest, platform=a_platform(), queue=around.queue, payloads=around.payloads),
    )


def build_processor(settings: StackSettings, around: Surroundings) -> None:
    ProcessingUnit(
        "processor",
        ProcessingUnitArgs(
            settings=settings.processing,
            platform=a_platform(),
            stores=around.stores,
            after=[done()],
        ),
    )


def build_query(settings: StackSettings, around: Surroundings) -> None:
    QueryUnit(
        "query",
        QueryUnitArgs(
            settings=settings.query,
            platform=a_platform(),
            stores=around.stores,
            after=[done()],
        ),
    )


def ingest(**sections: Any) -> Recorder:
    return built(build_ingest, sections)


def processor(**sections: Any) -> Recorder:
    return built(build_processor, sections)


def query(**sections: Any) -> Recorder:
    return built(build_query, sections)


def database_login(short: str) -> dict[str, str]:
    return {
        "DATABASE_HOST": "database-instance.test",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "fluxa",
        "DATABASE_USER": f"fluxa_{short}",
        "DATABASE_AUTH": "ssm",
        "DATABASE_SECRET": f"/fluxa/test/database/{short}-password",
        "DATABASE_TLS": "verify-full",
    }


def offered(stack: Recorder, policy: str) -> list[tuple[list[str], list[str]]]:
    """Return (actions, resources) that others offered: without a function's own log and network interfaces."""
    return [
        (item["Action"], item["Resource"])
        for item in statements_of(stack, policy)
        if not item["Action"][0].startswith(("logs:", "ec2:"))
    ]


def environment(stack: Recorder, name: str) -> dict[str, str]:
    return stack.one(FUNCTION, name).inputs["environment"]["variables"]


def of_key(stack: Recorder, policy: str) -> list[tuple[list[str], str]]:
    """Return (actions, service) of every use of the stack's key that a function has."""
    return [
        (item["Action"], item["Condition"]["StringEquals"]["kms:ViaService"].split(".")[0])
        for item in statements_of(stack, policy)
        if KEY_ARN in item["Resource"]
    ]


def test_ingest_is_told_where_events_and_payloads_go_and_what_is_too_large_to_travel_inline():
    stack = ingest(ingest={"inline_limit_bytes": 2_048})

    assert {
        **COMMON,
        "QUEUE_URL": "https://sqs.test/events-main",
        "PAYLOAD_BUCKET": "payloads-bucket-physical",
        "INLINE_LIMIT_BYTES": "2048",
        "SCHEMA_MODE": "off",
    } == environment(stack, "ingest-function")


def test_ingest_may_send_events_write_payloads_and_make_them_of_uploads():
    assert [
        (["sqs:SendMessage"], [QUEUE_ARN]),
        (["s3:PutObject"], [PAYLOADS_ARN]),
        (["s3:PutObject", "s3:GetObject"], ["arn:aws:test:::payloads-bucket/uploads/*"]),
        (["s3:ListBucket"], ["arn:aws:test:::payloads-bucket"]),
    ] == offered(ingest(), "ingest-policy")


def test_ingest_can_list_nothing_but_uploads():
    [listing] = [item for item in statements_of(ingest(), "ingest-policy") if "s3:ListBucket" in item["Action"]]

    assert {"StringLike": {"s3:prefix": "uploads/*"}} == listing["Condition"]


def test_ingest_stays_outside_the_network():
    assert "vpcConfig" not in ingest().one(FUNCTION).inputs


def test_ingest_shares_the_accounts_concurrency_unless_some_is_reserved():
    assert "reservedConcurrentExecutions" not in ingest().one(FUNCTION).inputs
    assert 40 == ingest(ingest={"max_concurrency": 40}).one(FUNCTION).inputs["reservedConcurrentExecutions"]


@pytest.mark.parametrize(("unit", "section"), [(ingest, "ingest"), (processor, "processing"), (query, "query")])
def test_every_unit_keeps_as_many_environments_warm_as_its_setting_says(unit, section):
    stack = unit(**{section: {"provisioned_concurrency": 2}})

    assert 2 == stack.one(WARM).inputs["provisionedConcurrentExecutions"]
    assert [] == unit().of_type(WARM)


def test_the_processor_is_told_where_everything_is():
    assert {
        **COMMON,
        **database_login("processor"),
        "QUEUE_URL": "https://sqs.test/events-main",
        "DEAD_LETTER_QUEUE_URL": "https://sqs.test/events-dead-letters",
        "MAX_RECEIVE_COUNT": "10",
        "PAYLOAD_BUCKET": "payloads-bucket-physical",
        "HANDLED_BYTES_AT_MOST": str(16 * MEBIBYTE),
    } == environment(processor(), "processor-function")


@pytest.mark.parametrize(("memory_mb", "mebibytes"), [(128, 5), (160, 5), (512, 16), (3_200, 100)])
def test_handlers_get_what_fits_the_memory_and_always_what_a_request_holds(memory_mb, mebibytes):
    stack = processor(processing={"memory_mb": memory_mb})

    assert str(mebibytes * MEBIBYTE) == environment(stack, "processor-function")["HANDLED_BYTES_AT_MOST"]


def test_the_processor_may_take_events_park_them_and_read_payloads_and_its_own_password():
    assert [
        (
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"],
            [QUEUE_ARN],
        ),
        (["sqs:SendMessage"], ["arn:aws:test:::events-dead-letters"]),
        (["s3:GetObject"], [PAYLOADS_ARN]),
        (["s3:ListBucket"], ["arn:aws:test:::payloads-bucket"]),
        (["ssm:GetParameter"], ["arn:aws:test:::database-processor-password-parameter"]),
    ] == offered(processor(), "processor-policy")


def test_the_queue_feeds_the_processors_alias_within_its_limits():
    stack = processor(processing={"batch_size": 7, "batching_window_seconds": 2, "max_concurrency": 3})

    assert {
        "eventSourceArn": QUEUE_ARN,
        "functionName": "arn:aws:test:::processor-live",
        "batchSize": 7,
        "maximumBatchingWindowInSeconds": 2,
        "functionResponseTypes": ["ReportBatchItemFailures"],
        "scalingConfig": {"maximumConcurrency": 3},
    } == stack.one(FEED, "processor-feed").inputs


def test_what_is_reserved_for_the_processor_is_no_less_than_its_poller_takes():
    stack = processor(processing={"max_concurrency": 3, "reserved_concurrency": 4})

    assert 4 == stack.one(FUNCTION).inputs["reservedConcurrentExecutions"]
    assert 3 == stack.one(FEED).inputs["scalingConfig"]["maximumConcurrency"]
    assert "reservedConcurrentExecutions" not in processor().one(FUNCTION).inputs


def test_no_event_is_taken_before_the_tables_and_the_permissions_are_there():
    stack = processor()

    assert {"migrated", "processor-policy", "processor-function", "processor-live"} <= stack.one(FEED).dependencies
    assert "migrated" in stack.one(FUNCTION).dependencies


def test_query_is_told_where_everything_is_and_which_key_signs_its_cursors():
    assert {
        **COMMON,
        **database_login("query"),
        "QUEUE_URL": "https://sqs.test/events-main",
        "PAYLOAD_BUCKET": "payloads-bucket-physical",
        "CURSOR_KEY_BACKEND": "ssm",
        "CURSOR_KEY_SECRET": "/fluxa/test/query/cursor-key",
    } == environment(query(), "query-function")


def test_query_may_read_its_secrets_and_payloads_and_ask_after_the_queue():
    assert [
        (["ssm:GetParameter"], ["arn:aws:test:::database-query-password-parameter"]),
        (["ssm:GetParameter"], ["arn:aws:test:::query-cursor-key-parameter"]),
        (["s3:GetObject"], [PAYLOADS_ARN]),
        (["sqs:GetQueueAttributes"], [QUEUE_ARN]),
    ] == offered(query(), "query-policy")


def test_the_key_of_cursors_is_kept_where_passwords_are():
    told = environment(query(secrets={"backend": "secretsmanager"}), "query-function")

    assert ("secretsmanager", "arn:aws:test:::query-cursor-key-secret") == (
        told["CURSOR_KEY_BACKEND"],
        told["CURSOR_KEY_SECRET"],
    )


def test_the_key_of_cursors_stays_in_ssm_where_there_are_no_passwords():
    told = environment(query(secrets={"backend": "iam"}), "query-function")

    assert ("ssm", "/fluxa/test/query/cursor-key") == (told["CURSOR_KEY_BACKEND"], told["CURSOR_KEY_SECRET"])
    assert ("iam", False) == (told["DATABASE_AUTH"], "DATABASE_SECRET" in told)


def test_query_cannot_take_more_connections_than_its_share():
    stack = query(query={"max_concurrency": 9})

    assert 9 == stack.one(FUNCTION).inputs["reservedConcurrentExecutions"]


def test_query_waits_for_the_tables():
    assert "migrated" in query().one(FUNCTION).dependencies


@pytest.mark.parametrize("unit", [processor, query])
def test_functions_that_use_the_database_are_inside_the_network_where_there_is_an_inside(unit):
    assert "vpcConfig" in unit().one(FUNCTION).inputs
    assert "vpcConfig" not in unit(**PUBLIC).one(FUNCTION).inputs


def test_with_the_stacks_key_every_function_uses_it_for_its_own_work_only():
    encryption = {"queue": {"encryption": "kms"}, "storage": {"encryption": "kms"}, "secrets": {"encryption": "kms"}}
    write, read = ["kms:Decrypt", "kms:GenerateDataKey"], ["kms:Decrypt"]

    assert [(write, "sqs"), (write, "s3")] == of_key(ingest(**encryption), "ingest-policy")
    assert [(read, "sqs"), (write, "sqs"), (read, "s3"), (read, "ssm")] == of_key(
        processor(**encryption), "processor-policy"
    )
    assert [(read, "ssm"), (read, "ssm"), (read, "s3")] == of_key(query(**encryption), "query-policy")


def test_no_secret_is_in_any_environment():
    for stack in (ingest(), processor(), query()):
        assert not [item.name for item in stack.of_type(FUNCTION) if SECRET in str(item.inputs)]
