"""The maintenance function put together as in Lambda, on a server like RDS's and an account that moto plays."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from functions.adapters.database_login import secretsmanager_client, ssm_client
from functions.common.names import DatabaseRole
from functions.maintenance import wiring
from functions.maintenance.handler import handle
from functions.maintenance.logins import APPLICATION_ROLES
from functions.maintenance.settings import MaintenanceSettings
from tests.support.owned_database import OWNER_PASSWORD, PASSWORDS
from tests.support.postgres_fixtures import session

BUCKET = "payloads"


@pytest.fixture
def account(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for client in (secretsmanager_client, ssm_client):
        client.cache_clear()
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield
    for client in (secretsmanager_client, ssm_client):
        client.cache_clear()


def keep(backend, role, password):
    """Put a password where the stack would, and return what the function is told."""
    name = f"/fluxa/test/{role}"
    if backend == "ssm":
        boto3.client("ssm").put_parameter(Name=name, Value=password, Type="SecureString")
        return name
    value = json.dumps({"username": role, "password": password})
    return boto3.client("secretsmanager").create_secret(Name=name, SecretString=value)["ARN"]


def a_queue(name, messages=0):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for _ in range(messages):
        sqs.send_message(QueueUrl=url, MessageBody="{}")
    return url


def count(metric, service, number, at):
    boto3.client("cloudwatch").put_metric_data(
        Namespace="Fluxa",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "Stack", "Value": "test"}, {"Name": "Service", "Value": service}],
                "Value": number,
                "Timestamp": at,
            }
        ],
    )


@pytest.fixture
def run(account, owned, capsys):
    """Return a function that runs a task; it returns the answer and the figures that were reported."""

    def run(task, backend="ssm", **changes):
        names = {role: keep(backend, role, password) for role, password in PASSWORDS.items()}
        values = {
            "STACK": "test",
            "FLUXA_VERSION": "0",
            "SETTINGS_FINGERPRINT": "0",
            "DATABASE_HOST": owned.server.host,
            "DATABASE_PORT": str(owned.server.port),
            "DATABASE_NAME": owned.name,
            "DATABASE_USER": DatabaseRole.ADMIN,
            "DATABASE_AUTH": backend,
            "DATABASE_SECRET": keep(backend, DatabaseRole.ADMIN, OWNER_PASSWORD),
            "DATABASE_TLS": "disable",
            "LOGIN_BACKEND": backend,
            "PROCESSOR_SECRET": names[DatabaseRole.PROCESSOR],
            "QUERY_SECRET": names[DatabaseRole.QUERY],
            "QUEUE_URL": a_queue("queue", messages=2),
            "DEAD_LETTER_QUEUE_URL": a_queue("dead-letters", messages=1),
            "PAYLOAD_BUCKET": BUCKET,
            "KEY_RETENTION_DAYS": "35",
            "MESSAGE_LIFETIME_DAYS": "25",
        }
        app = wiring.build(MaintenanceSettings.model_validate(values | changes))
        answer = handle({"task": task}, app, lambda: 300)
        figures = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
        return answer, figures[0] if figures else {}

    return run


@pytest.mark.parametrize("backend", ["ssm", "secretsmanager"])
def test_a_deployment_makes_tables_partitions_roles_and_their_logins(run, owned, backend):
    answer, figures = run("migrate", backend)

    assert (7, 5, backend) == (len(answer["applied"]), len(answer["partitions_created"]), answer["logins"])
    assert (7, 3) == (figures["MigrationsApplied"], figures["PartitionsAhead"])
    for role in APPLICATION_ROLES:
        with session(owned.url(role, PASSWORDS[role])) as connection:
            assert (0,) == connection.execute("SELECT count(*) FROM events").fetchone()


def test_retention_reports_what_it_removed_and_what_is_oldest(run, owned):
    owned.prepare()
    with owned.owner() as owner:
        owner.execute("CREATE TABLE old PARTITION OF events FOR VALUES FROM ('1999-01-01') TO ('2000-01-01')")
        owner.cursor().executemany(
            "INSERT INTO events (event_id, received_at, type, correlation_id, payload, payload_bytes, payload_sha256)"
            " VALUES (%s, now() - %s::interval, 't', 'c', '1', 1, '')",
            [("old", owner.execute("SELECT now() - '1999-06-01'").fetchone()[0]), ("new", timedelta(hours=6))],
        )
        owner.execute(
            "INSERT INTO idempotency_keys (event_id, payload_sha256, status, attempts, first_seen_at, updated_at,"
            " received_at) VALUES ('old', decode(repeat('00', 32), 'hex'), 'failed', 1, '1999-06-01', '1999-06-01',"
            " '1999-06-01')"
        )

    answer, figures = run("retention", RETENTION_DAYS="90")

    assert (["old"], 1) == (answer["partitions_dropped"], answer["keys_deleted"])
    assert (1, 1) == (figures["PartitionsDropped"], figures["KeysDeleted"])
    assert 0.25 == pytest.approx(figures["OldestEventDays"], abs=0.01)


def test_reconciliation_adds_up_what_the_account_says(run, owned):
    owned.prepare()
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    count("EventsAccepted", "ingest", 10, hour - timedelta(minutes=90))
    count("EventsAccepted", "ingest", 50, hour - timedelta(minutes=30))
    count("EventsDuplicated", "processor", 4, hour - timedelta(minutes=30))
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"payloads/{hour:%Y/%m/%d}/e-1/{'ab' * 32}.json", Body=b"1")

    answer, figures = run("reconcile")

    assert {"accepted": 10, "stored": 0, "unfinished": 0, "erased": 0, "duplicated": 4, "waiting": 3} == answer[
        "events"
    ]
    assert 3 == figures["ReconciliationDrift"]
    # It was stored today, and is looked at tomorrow.
    assert (0, 0) == (figures["PayloadsOrphaned"], answer["objects"]["examined"])
