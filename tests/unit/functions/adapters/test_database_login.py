"""The settings choose how a function logs in; nothing is asked for before somebody connects."""

import json

import boto3
import pytest
from moto import mock_aws

from functions.adapters import database_login
from functions.adapters.database_login import password_source, secret_reader
from tests.support.postgres_fixtures import settings_for

URL = "postgresql://fluxa_processor@db.internal:5432/fluxa"


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield
    database_login.ssm_client.cache_clear()
    database_login.secretsmanager_client.cache_clear()


def settings(auth, secret):
    return settings_for(URL).model_copy(
        update={"database_auth": auth, "database_secret": secret, "database_tls": "verify-full"}
    )


def put_parameter(value):
    boto3.client("ssm").put_parameter(Name="/fluxa/test/processor", Value=value, Type="SecureString", Overwrite=True)


def make_secret(**fields):
    return boto3.client("secretsmanager").create_secret(Name="processor", SecretString=json.dumps(fields))["ARN"]


def test_a_parameter_holds_the_bare_password(aws):
    put_parameter("s1")

    assert "s1" == password_source(settings("ssm", "/fluxa/test/processor"))()


def test_a_secret_holds_the_password_beside_the_user(aws):
    arn = make_secret(username="fluxa_processor", password="s1")

    assert "s1" == password_source(settings("secretsmanager", arn))()


def test_a_token_needs_neither(aws):
    token = password_source(settings("iam", None))()

    assert token.startswith("db.internal:5432/?Action=connect&DBUser=fluxa_processor&X-Amz-")


def test_another_secret_is_read_by_its_field(aws):
    put_parameter("k1")
    arn = make_secret(key="k2")

    assert "k1" == secret_reader("ssm", "/fluxa/test/processor", field="key")()
    assert "k2" == secret_reader("secretsmanager", arn, field="key")()


def test_half_way_through_a_rotation_a_refusal_leads_to_the_new_password(aws):
    arn = make_secret(username="fluxa_processor", password="old")
    password = password_source(settings("secretsmanager", arn))
    password()
    client = boto3.client("secretsmanager")
    version = "a" * 32
    client.put_secret_value(
        SecretId=arn,
        ClientRequestToken=version,
        SecretString=json.dumps({"username": "fluxa_processor", "password": "new"}),
        VersionStages=["AWSPENDING"],
    )

    assert ["new", "new"] == [password.refresh(), password()]


def test_without_a_rotation_a_refusal_changes_nothing(aws):
    password = password_source(settings("secretsmanager", make_secret(password="s1")))
    password()

    assert "s1" == password.refresh()


@pytest.mark.parametrize("backend", ["ssm", "secretsmanager"])
def test_no_client_is_made_before_a_value_is_asked_for(backend, monkeypatch):
    def refuse(*_arguments, **_options):
        raise AssertionError("a client was made")

    monkeypatch.setattr(boto3, "client", refuse)

    secret_reader(backend, "name")
    password_source(settings(backend, "name"))
