"""Every start deploys the same program again: names stay, messages, objects and rows stay, settings are renewed."""

import json
import stat
from pathlib import Path

import psycopg
import pytest

from fluxa.local.emulator import Emulator
from fluxa.local.postgres import PostgresServer
from tests.integration.provider.conftest import Deploy

QUEUE = """
    import json, pulumi, pulumi_aws as aws
    config = pulumi.Config()
    parked = aws.sqs.Queue("restart-parked")
    queue = aws.sqs.Queue(
        "restart-queue",
        visibility_timeout_seconds=config.get_int("visibility"),
        redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": parked.arn, "maxReceiveCount": 3})
        if config.get_bool("redrive") else None,
    )
    pulumi.export("url", queue.url)
    pulumi.export("arn", queue.arn)
    """


def attributes_of(emulator: Emulator, url: str) -> dict[str, str]:
    return emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_a_queue_keeps_name_and_messages_and_gets_its_new_attributes(deploy: Deploy, running_emulator: Emulator):
    first = deploy(QUEUE, visibility=30, redrive=True).outputs
    running_emulator.client("sqs").send_message(QueueUrl=first["url"], MessageBody="kept")

    second = deploy(QUEUE, visibility=120, redrive=True).outputs

    assert first == second
    attributes = attributes_of(running_emulator, second["url"])
    assert ("120", "1") == (attributes["VisibilityTimeout"], attributes["ApproximateNumberOfMessages"])


def test_what_the_program_no_longer_sets_goes_back_to_its_default(deploy: Deploy, running_emulator: Emulator):
    before = attributes_of(running_emulator, deploy(QUEUE, visibility=30, redrive=True).outputs["url"])

    after = attributes_of(running_emulator, deploy(QUEUE, redrive=False).outputs["url"])

    assert json.loads(before["RedrivePolicy"])["maxReceiveCount"] == 3
    assert "RedrivePolicy" not in after
    assert after["VisibilityTimeout"] == "30"


BUCKET = """
    import pulumi, pulumi_aws as aws
    bucket = aws.s3.Bucket("restart-bucket")
    if pulumi.Config().get_bool("cold"):
        aws.s3.BucketLifecycleConfiguration(
            "restart-rules",
            bucket=bucket.id,
            rules=[{
                "id": "cold", "status": "Enabled", "filter": {"prefix": "payloads/"},
                "transitions": [{"days": 30, "storage_class": "GLACIER_IR"}],
            }],
        )
    pulumi.export("name", bucket.bucket)
    """


def test_a_bucket_keeps_its_objects_but_no_rule_that_is_gone(deploy: Deploy, running_emulator: Emulator):
    s3 = running_emulator.client("s3")
    name = deploy(BUCKET, cold=True).outputs["name"]
    s3.put_object(Bucket=name, Key="payloads/a", Body=b"kept")
    rule = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]

    again = deploy(BUCKET, cold=False).outputs["name"]

    assert (name, b"kept") == (again, s3.get_object(Bucket=again, Key="payloads/a")["Body"].read())
    assert rule["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER_IR"}]
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=name)


DATABASE = """
    import pulumi, pulumi_aws as aws
    instance = aws.rds.Instance(
        "restart-database",
        instance_class="db.t4g.micro",
        engine="postgres",
        allocated_storage=20,
        db_name="restart_shop",
        username="restart_owner",
        password_wo=pulumi.Output.secret(pulumi.Config().require("password")),
        password_wo_version=1,
        multi_az=True,
    )
    pulumi.export("where", {"host": instance.address, "port": instance.port, "endpoint": instance.endpoint})
    pulumi.export("identifier", instance.identifier)
    """


def connection(server: PostgresServer, password: str) -> psycopg.Connection:
    return psycopg.connect(
        host=server.host, port=server.port, user="restart_owner", password=password, dbname="restart_shop"
    )


def test_an_instance_is_a_database_of_the_local_server_owned_by_its_master_user(
    deploy: Deploy, postgres_server: PostgresServer, running_emulator: Emulator
):
    outputs = deploy(DATABASE, password="first-password").outputs

    endpoint = f"{postgres_server.host}:{postgres_server.port}"
    assert {"host": "127.0.0.1", "port": postgres_server.port, "endpoint": endpoint} == outputs["where"]
    described = running_emulator.client("rds").describe_db_instances(DBInstanceIdentifier=outputs["identifier"])
    assert described["DBInstances"][0]["Endpoint"]["Port"] == postgres_server.port
    with connection(postgres_server, "first-password") as opened:
        assert opened.execute(
            "SELECT current_user, pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", ["restart_shop"]
        ).fetchone() == ("restart_owner", "restart_owner")


def test_a_second_start_changes_the_password_and_keeps_the_rows(deploy: Deploy, postgres_server: PostgresServer):
    deploy(DATABASE, password="first-password")
    with connection(postgres_server, "first-password") as opened:
        opened.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")

    deploy(DATABASE, password="second-password")

    with connection(postgres_server, "second-password") as opened:
        assert opened.execute("SELECT answer FROM kept").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connection(postgres_server, "first-password")


def test_the_servers_own_superuser_cannot_be_a_databases_master_user(deploy: Deploy, postgres_server: PostgresServer):
    """Its password would be changed under the platform's feet."""
    program = DATABASE.replace("restart_owner", postgres_server.user)

    with pytest.raises(ValueError, match="the local server's own superuser"):
        deploy(program, password="x")


KEY = """
    import pulumi, pulumi_aws as aws
    key = aws.apigateway.ApiKey("restart-key")
    pulumi.export("id", key.id)
    pulumi.export("value", key.value)
    """


def test_an_api_keys_value_survives_and_only_its_owner_may_read_it(
    deploy: Deploy, running_emulator: Emulator, state_dir: Path
):
    first, second = deploy(KEY), deploy(KEY)

    assert first.outputs["value"] == second.outputs["value"]
    assert second.secret_outputs == ["value"]
    keys = running_emulator.client("apigateway").get_api_keys(nameQuery="restart-key")["items"]
    assert [second.outputs["id"]] == [key["id"] for key in keys]
    (file,) = (state_dir / "api-keys").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


PARAMETER = """
    import pulumi, pulumi_aws as aws
    aws.ssm.Parameter(
        "restart-parameter", name="/restart/secret", type="SecureString",
        value_wo=pulumi.Output.secret(pulumi.Config().require("value")), value_wo_version=1,
    )
    """


def test_a_parameter_is_overwritten(deploy: Deploy, running_emulator: Emulator):
    deploy(PARAMETER, value="old")

    deploy(PARAMETER, value="new")

    stored = running_emulator.client("ssm").get_parameter(Name="/restart/secret", WithDecryption=True)["Parameter"]
    assert ("SecureString", "new") == (stored["Type"], stored["Value"])
