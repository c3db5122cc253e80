"""Secrets Manager's four steps on a real server.

No emulator calls a rotation function, so the tests do, in AWS's order and out of it.
"""

import json

import boto3
import psycopg
import pytest
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from functions.adapters.database_login import secretsmanager_client
from functions.common.errors import DatabaseUnavailable, SecretUnavailable
from functions.common.names import DatabaseRole
from functions.maintenance import wiring
from functions.maintenance.settings import MaintenanceSettings
from tests.support.owned_database import OWNER_PASSWORD, PASSWORDS
from tests.support.postgres_fixtures import session

REGION = "eu-central-1"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
VERSION = "11111111-2222-3333-4444-555555555555"
LATER_VERSION = "99999999-2222-3333-4444-555555555555"


@pytest.fixture
def secrets(monkeypatch):
    """An account whose secrets hold what the deployment has set."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    secretsmanager_client.cache_clear()
    with mock_aws():
        yield boto3.client("secretsmanager")
    secretsmanager_client.cache_clear()


@pytest.fixture
def arns(secrets):
    return {role: a_secret(secrets, role, PASSWORDS[role]) for role in PASSWORDS} | {
        DatabaseRole.ADMIN: a_secret(secrets, DatabaseRole.ADMIN, OWNER_PASSWORD)
    }


def a_secret(client, role, password):
    value = {"username": role.value, "password": password, "note": "kept"}
    return client.create_secret(Name=f"fluxa/{role}", SecretString=json.dumps(value))["ARN"]


def settings(database, arns, **changes):
    values = {
        "STACK": "test",
        "FLUXA_VERSION": "0",
        "SETTINGS_FINGERPRINT": "0",
        "DATABASE_HOST": database.server.host,
        "DATABASE_PORT": str(database.server.port),
        "DATABASE_NAME": database.name,
        "DATABASE_USER": DatabaseRole.ADMIN,
        "DATABASE_AUTH": "secretsmanager",
        "DATABASE_SECRET": arns[DatabaseRole.ADMIN],
        "DATABASE_TLS": "disable",
        "LOGIN_BACKEND": "secretsmanager",
        "PROCESSOR_SECRET": arns[DatabaseRole.PROCESSOR],
        "QUERY_SECRET": arns[DatabaseRole.QUERY],
        "QUEUE_URL": "https://queue",
        "DEAD_LETTER_QUEUE_URL": "https://dead-letters",
        "PAYLOAD_BUCKET": "payloads",
        "KEY_RETENTION_DAYS": "35",
        "MESSAGE_LIFETIME_DAYS": "25",
    }
    return MaintenanceSettings.model_validate(values | changes)


@pytest.fixture
def rotation(deployed, arns):
    return wiring.build(settings(deployed, arns)).rotation


@pytest.fixture
def secret(arns):
    """The ARN of query's secret, whose rotation has begun."""
    arn = arns[DatabaseRole.QUERY]
    begin(arn, VERSION)
    return arn


def begin(arn, version):
    """Stage a version that holds nothing, as AWS does before it calls the first step; moto would go on by itself."""
    backend = get_backend("secretsmanager")[DEFAULT_ACCOUNT_ID][REGION]
    backend.secrets[arn].versions[version] = {"createdate": 0, "version_id": version, "version_stages": ["AWSPENDING"]}


def end(client, arn):
    """Take the stage away, as AWS does by itself when the version becomes the current one, or is given up."""
    client.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=VERSION)


def run(rotation, secret, *steps, version=VERSION):
    for step in steps:
        rotation.run(step, secret=secret, version=version)


def value(client, secret, stage):
    return json.loads(client.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"])


def stages(client, secret, version=VERSION):
    return set(client.describe_secret(SecretId=secret)["VersionIdsToStages"][version])


def logs_in(database, password):
    try:
        with session(database.url(DatabaseRole.QUERY, password)):
            return True
    except psycopg.OperationalError:
        return False


def test_after_four_steps_there_is_a_new_password_and_the_old_one_is_refused(rotation, deployed, secrets, secret):
    run(rotation, secret, *STEPS)
    current = value(secrets, secret, "AWSCURRENT")

    assert "AWSCURRENT" in stages(secrets, secret)
    assert PASSWORDS[DatabaseRole.QUERY] == value(secrets, secret, "AWSPREVIOUS")["password"]
    assert (DatabaseRole.QUERY, "kept") == (current["username"], current["note"])
    assert 40 < len(current["password"])
    assert logs_in(deployed, current["password"])
    assert not logs_in(deployed, PASSWORDS[DatabaseRole.QUERY])


def test_a_deployment_in_the_middle_of_a_rotation_does_not_leave_the_old_password(
    rotation, deployed, secrets, secret, arns
):
    deployment = wiring.build(settings(deployed, arns)).maintenance
    run(rotation, secret, "createSecret", "setSecret", "testSecret")
    with deployment.connect() as connection:
        deployment.logins.set(connection)
    run(rotation, secret, "finishSecret")

    assert logs_in(deployed, value(secrets, secret, "AWSCURRENT")["password"])
    assert not logs_in(deployed, PASSWORDS[DatabaseRole.QUERY])


def test_steps_that_are_called_twice_do_their_work_once(rotation, deployed, secrets, secret):
    run(rotation, secret, "createSecret")
    made = value(secrets, secret, "AWSPENDING")
    run(rotation, secret, *(step for step in STEPS for _ in range(2)))

    assert made == value(secrets, secret, "AWSCURRENT")
    assert logs_in(deployed, made["password"])


def test_a_rotation_that_is_over_may_be_asked_for_again_in_full(rotation, deployed, secrets, secret):
    run(rotation, secret, *STEPS)
    made = value(secrets, secret, "AWSCURRENT")
    end(secrets, secret)
    run(rotation, secret, *STEPS)

    assert made == value(secrets, secret, "AWSCURRENT")
    assert logs_in(deployed, made["password"])


def test_until_it_is_set_the_old_password_stays(rotation, deployed, secret):
    run(rotation, secret, "createSecret")

    assert logs_in(deployed, PASSWORDS[DatabaseRole.QUERY])


def test_a_password_that_was_never_set_does_not_become_the_current_one(rotation, secrets, secret):
    run(rotation, secret, "createSecret")

    with pytest.raises(DatabaseUnavailable, match="password authentication failed"):
        run(rotation, secret, "testSecret")
    assert {"AWSPENDING"} == stages(secrets, secret)


@pytest.mark.parametrize("step", ["setSecret", "testSecret"])
def test_a_version_without_a_password_cannot_be_used(rotation, secret, step):
    with pytest.raises(ValueError, match="holds no password for fluxa_query: createSecret has to run first"):
        run(rotation, secret, step)


def test_a_version_for_another_user_is_not_used(rotation, secrets, secret):
    pending = {"username": DatabaseRole.ADMIN.value, "password": "taken-over"}
    secrets.put_secret_value(
        SecretId=secret, ClientRequestToken=VERSION, SecretString=json.dumps(pending), VersionStages=["AWSPENDING"]
    )

    with pytest.raises(ValueError, match="holds no password for fluxa_query"):
        run(rotation, secret, "setSecret")


def test_the_next_rotation_follows_on_the_last(rotation, deployed, secrets, secret):
    run(rotation, secret, *STEPS)
    first = value(secrets, secret, "AWSCURRENT")["password"]
    end(secrets, secret)
    begin(secret, LATER_VERSION)
    run(rotation, secret, *STEPS, version=LATER_VERSION)
    second = value(secrets, secret, "AWSCURRENT")["password"]

    assert first != second
    assert (False, True) == (logs_in(deployed, first), logs_in(deployed, second))


def test_a_version_that_was_given_up_is_refused(rotation, secrets, secret):
    end(secrets, secret)

    with pytest.raises(ValueError, match="is not staged AWSPENDING"):
        run(rotation, secret, "createSecret")


def test_a_version_that_nobody_began_is_refused(rotation, secret):
    with pytest.raises(ValueError, match="is not staged AWSPENDING"):
        run(rotation, secret, "createSecret", version=LATER_VERSION)


def test_a_secret_that_is_not_a_roles_is_refused_even_the_owners(rotation, arns):
    with pytest.raises(ValueError, match="none of this stack's"):
        run(rotation, arns[DatabaseRole.ADMIN], "createSecret")


def test_a_step_that_secrets_manager_does_not_have_is_refused(rotation, secret):
    with pytest.raises(ValueError, match="expected one of createSecret, setSecret, testSecret, finishSecret"):
        run(rotation, secret, "dropSecret")


def test_a_secret_that_is_gone_is_named(rotation, secrets, secret):
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)

    with pytest.raises(SecretUnavailable, match=f"{secret} .ResourceNotFoundException"):
        run(rotation, secret, "createSecret")


@pytest.mark.parametrize("backend", ["ssm", "iam"])
def test_a_stack_with_other_logins_rotates_nothing(deployed, arns, secret, backend):
    rotation = wiring.build(settings(deployed, arns, LOGIN_BACKEND=backend)).rotation

    with pytest.raises(ValueError, match="none of this stack's"):
        run(rotation, secret, "createSecret")


def test_no_password_is_logged(rotation, deployed, secrets, secret, capsys):
    run(rotation, secret, *STEPS)
    password = value(secrets, secret, "AWSCURRENT")["password"]

    assert password not in capsys.readouterr().out
    assert password not in deployed.log()
