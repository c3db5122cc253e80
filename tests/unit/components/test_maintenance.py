"""MaintenanceUnit: what it is told, what it may do, and what runs it at a deployment."""

import json
from typing import Any

import pytest

from components.maintenance import MaintenanceUnit, MaintenanceUnitArgs
from components.settings import parse_settings
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import (
    ALL_LOOKUPS,
    SECRET,
    NamedBundles,
    a_key,
    a_platform,
    statements_of,
    surroundings,
)

FUNCTION = "aws:lambda/function:Function"
INVOCATION = "aws:lambda/invocation:Invocation"
SCHEDULE = "aws:scheduler/schedule:Schedule"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
FAILED_RUNS_ARN = "arn:aws:test:::maintenance-failed-runs-queue"
RECONCILING = {"observability": {"reconciliation": True}}
ROTATING = {"secrets": {"backend": "secretsmanager"}}
TOKENS = {"secrets": {"backend": "iam"}}


def maintenance(digest: str = "digest", **sections: Any) -> Recorder:
    settings = parse_settings(sections)

    def program() -> None:
        key = a_key() if settings.uses_own_key() else None
        platform = a_platform(key=key, bundles=NamedBundles(digest))
        around = surroundings(settings, platform)
        args = MaintenanceUnitArgs(
            settings=settings,
            platform=platform,
            stores=around.stores,
        )
        MaintenanceUnit("maintenance", args)

    return deploy(program, lookups=ALL_LOOKUPS)


def told(**sections: Any) -> dict[str, str]:
    return maintenance(**sections).one(FUNCTION).inputs["environment"]["variables"]


def allowed(**sections: Any) -> dict[str, list[str]]:
    """Return the resources by action, without the function's own log and network interfaces."""
    found: dict[str, list[str]] = {}
    for statement in statements_of(maintenance(**sections), "maintenance-policy"):
        for action in statement["Action"]:
            if not action.startswith(("logs:", "ec2:")):
                found.setdefault(action, []).extend(statement["Resource"])
    return found


def test_maintenance_is_told_where_everything_is_and_how_long_keys_stay():
    assert {
        "STACK": "test",
        "LOG_LEVEL": "INFO",
        "FLUXA_VERSION": "1.2.3",
        "SETTINGS_FINGERPRINT": "abc",
        "DATABASE_HOST": "database-instance.test",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "fluxa",
        "DATABASE_USER": "fluxa_admin",
        "DATABASE_AUTH": "ssm",
        "DATABASE_SECRET": "/fluxa/test/database/password",
        "DATABASE_TLS": "verify-full",
        "LOGIN_BACKEND": "ssm",
        "PROCESSOR_SECRET": "/fluxa/test/database/processor-password",
        "QUERY_SECRET": "/fluxa/test/database/query-password",
        "QUEUE_URL": "https://sqs.test/events-main",
        "DEAD_LETTER_QUEUE_URL": "https://sqs.test/events-dead-letters",
        "PAYLOAD_BUCKET": "payloads-bucket-physical",
        # Four days in the queue, fourteen among the dead letters, seven until a replay, and seven for that.
        "KEY_RETENTION_DAYS": "32",
        # The same without the last seven, and both queues once more.
        "MESSAGE_LIFETIME_DAYS": "43",
    } == told()


def test_no_secret_is_in_the_environment():
    assert SECRET not in str(told())


def test_tokens_need_no_secrets_of_roles_and_a_password_for_the_first_login():
    environment = told(**TOKENS)

    assert ("iam", "ssm") == (environment["LOGIN_BACKEND"], environment["DATABASE_AUTH"])
    assert not {"PROCESSOR_SECRET", "QUERY_SECRET"} & set(environment)


@pytest.mark.parametrize(("retention_days", "key_days"), [(None, "32"), (31, "32"), (32, "32"), (400, "400")])
def test_keys_stay_while_messages_may_come_again_and_while_their_events_stay(retention_days, key_days):
    environment = told(database={"retention_days": retention_days})

    assert key_days == environment["KEY_RETENTION_DAYS"]
    assert (None if retention_days is None else str(retention_days)) == environment.get("RETENTION_DAYS")


def test_keys_stay_longer_where_messages_live_longer():
    environment = told(queue={"retention_days": 10}, storage={"archive_after_days": None})

    assert "38" == environment["KEY_RETENTION_DAYS"]


def test_a_message_may_come_until_a_dead_letter_that_was_sent_again_is_gone_too():
    environment = told(queue={"retention_days": 10}, storage={"archive_after_days": None})

    assert 2 * (10 + 14) + 7 == int(environment["MESSAGE_LIFETIME_DAYS"])


def test_maintenance_reads_every_password_parks_its_own_failed_runs_and_looks_after_payloads_and_erasures():
    dead_letters = ["arn:aws:test:::events-dead-letters"]

    assert {
        "ssm:GetParameter": [
            "arn:aws:test:::database-password-parameter",
            "arn:aws:test:::database-processor-password-parameter",
            "arn:aws:test:::database-query-password-parameter",
        ],
        "sqs:SendMessage": [FAILED_RUNS_ARN],
        "sqs:GetQueueAttributes": ["arn:aws:test:::events-main", *dead_letters, *dead_letters],
        "s3:ListBucket": ["arn:aws:test:::payloads-bucket"],
        "sqs:ReceiveMessage": dead_letters,
        "sqs:DeleteMessage": dead_letters,
        "sqs:ChangeMessageVisibility": dead_letters,
        "s3:ListBucketVersions": ["arn:aws:test:::payloads-bucket"],
        "s3:DeleteObject": ["arn:aws:test:::payloads-bucket/payloads/*"] * 2,
        "s3:DeleteObjectVersion": ["arn:aws:test:::payloads-bucket/payloads/*"],
    } == allowed()


def test_reconciliation_reads_metrics_too():
    added = {action: resources for action, resources in allowed(**RECONCILING).items() if action not in allowed()}

    assert {"cloudwatch:GetMetricData": ["*"]} == added


def test_maintenance_lists_nothing_but_payloads():
    (listing,) = [
        statement
        for statement in statements_of(maintenance(), "maintenance-policy")
        if "s3:ListBucket" in statement["Action"]
    ]

    assert {"StringLike": {"s3:prefix": "payloads/*"}} == listing["Condition"]


def test_migrations_run_on_the_version_that_was_just_deployed():
    inputs = maintenance().one(INVOCATION).inputs

    assert ("fluxa-test-maintenance", "live", {"task": "migrate"}) == (
        inputs["functionName"],
        inputs["qualifier"],
        json.loads(inputs["input"]),
    )


def test_migrations_run_again_when_bundle_instance_or_logins_change_and_only_then():
    def triggers(digest: str = "one", **sections: Any) -> dict[str, str]:
        return maintenance(digest, **sections).one(INVOCATION).inputs["triggers"]

    assert {
        "bundle": "maintenance-one",
        "instance": "db-database-instance",
        "LOGIN_BACKEND": "ssm",
        "PROCESSOR_SECRET": "/fluxa/test/database/processor-password",
        "QUERY_SECRET": "/fluxa/test/database/query-password",
    } == triggers()
    assert triggers() == triggers(query={"memory_mb": 256})
    distinct = [triggers(), triggers("two"), triggers(**ROTATING), triggers(**TOKENS)]
    assert 4 == len({json.dumps(item, sort_keys=True) for item in distinct})


def test_migrations_wait_for_everything_on_the_way_to_the_database():
    waits_for = maintenance().one(INVOCATION).dependencies

    assert {"maintenance-policy", "maintenance-function", "maintenance-live"} <= waits_for
    assert {"database-instance", "network-database-in", "network-database-out", "network-s3"} <= waits_for


def test_passwords_are_rotated_once_there_are_roles_that_they_belong_to():
    rotations = maintenance(**ROTATING).of_type(ROTATION)

    assert {"arn:aws:test:::maintenance-live"} == {item.inputs["rotationLambdaArn"] for item in rotations}
    assert 2 == len([item for item in rotations if "maintenance-migrate" in item.dependencies])
    assert [] == maintenance().of_type(ROTATION)


@pytest.mark.parametrize(
    ("sections", "tasks"),
    [
        ({}, {"partitions", "orphans", "erasures"}),
        ({"database": {"retention_days": 90}}, {"partitions", "orphans", "erasures", "retention"}),
        (RECONCILING, {"partitions", "orphans", "erasures", "reconcile"}),
        (
            {"database": {"retention_days": 90}, **RECONCILING},
            {"partitions", "orphans", "erasures", "retention", "reconcile"},
        ),
    ],
)
def test_exactly_the_tasks_that_the_settings_ask_for_are_scheduled(sections, tasks):
    schedules = maintenance(**sections).of_type(SCHEDULE)

    assert tasks == {json.loads(item.inputs["target"]["input"])["task"] for item in schedules}


def test_daily_tasks_run_apart_from_each_other_and_the_others_every_hour():
    schedules = maintenance(database={"retention_days": 90}, **RECONCILING).of_type(SCHEDULE)

    assert {
        "maintenance-schedules-partitions": "cron(17 3 * * ? *)",
        "maintenance-schedules-erasures": "cron(37 * * * ? *)",
        "maintenance-schedules-retention": "cron(47 3 * * ? *)",
        "maintenance-schedules-reconcile": "cron(7 * * * ? *)",
        "maintenance-schedules-orphans": "cron(27 * * * ? *)",
    } == {item.name: item.inputs["scheduleExpression"] for item in schedules}


def test_nothing_is_scheduled_before_the_tables_are_there():
    assert all("maintenance-migrate" in schedule.dependencies for schedule in maintenance().of_type(SCHEDULE))


def test_callers_of_the_api_cannot_make_maintenance_take_more_connections_than_are_kept_free():
    assert 3 == maintenance().one(FUNCTION).inputs["reservedConcurrentExecutions"]


def test_payloads_are_deleted_with_their_versions_and_nothing_else_is_listed():
    (listing,) = [
        statement
        for statement in statements_of(maintenance(), "maintenance-policy")
        if "s3:ListBucketVersions" in statement["Action"]
    ]

    assert {"StringLike": {"s3:prefix": "payloads/*"}} == listing["Condition"]


def test_in_a_public_network_maintenance_runs_outside():
    public = {
        "network": {"mode": "public", "allowed_cidrs": ["203.0.113.0/24"]},
        "database": {"deletion_protection": False},
    }

    assert "vpcConfig" in maintenance().one(FUNCTION).inputs
    assert "vpcConfig" not in maintenance(**public).one(FUNCTION).inputs


def test_with_the_stacks_key_failed_runs_are_encrypted_by_whoever_parks_them():
    stack = maintenance(queue={"encryption": "kms"})

    for policy in ("maintenance-policy", "maintenance-schedules-policy"):
        assert {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": ["arn:aws:test:::encryption-key"],
            "Condition": {"StringEquals": {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}},
        } in statements_of(stack, policy)
