"""What is built from the environment, without asking anybody."""

import boto3
import pytest
from moto import mock_aws

from functions.adapters.database_login import secretsmanager_client, ssm_client
from functions.common.envelope import PayloadReference
from functions.query import wiring
from functions.query.settings import QuerySettings

ENVIRONMENT = {
    "STACK": "dev",
    "LOG_LEVEL": "INFO",
    "FLUXA_VERSION": "1.2.3",
    "SETTINGS_FINGERPRINT": "abc",
    "DATABASE_HOST": "db.internal",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "fluxa",
    "DATABASE_USER": "fluxa",
    "DATABASE_AUTH": "ssm",
    "DATABASE_SECRET": "/fluxa/dev/query/password",
    "DATABASE_TLS": "verify-full",
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/events",
    "PAYLOAD_BUCKET": "payloads-1",
    "CURSOR_KEY_BACKEND": "ssm",
    "CURSOR_KEY_SECRET": "/fluxa/dev/query/cursor-key",
}


@pytest.fixture
def account(monkeypatch):
    """Credentials of no account, in a region that is not botocore's default."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


def test_a_link_names_the_host_of_the_buckets_region_and_lasts_a_quarter_of_an_hour(account):
    """Another host would send the client on, to where its signature is not valid."""
    app = wiring.build(QuerySettings.model_validate(ENVIRONMENT))

    link = app.routes.finder.link(PayloadReference(bucket="payloads-1", key="payloads/2026/11/23/e/f.json"))

    assert link.startswith("https://payloads-1.s3.eu-central-1.amazonaws.com/payloads/2026/11/23/e/f.json?")
    assert "X-Amz-Expires=900" in link


def test_a_link_works_with_a_server_on_this_machine(account, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    app = wiring.build(QuerySettings.model_validate(ENVIRONMENT))

    link = app.routes.finder.link(PayloadReference(bucket="payloads-1", key="payloads/2026/11/23/e/f.json"))

    assert link.startswith("http://127.0.0.1:4566/payloads-1/payloads/2026/11/23/e/f.json?")


@pytest.mark.parametrize("name", [name for name in ENVIRONMENT if name != "LOG_LEVEL"])
def test_a_missing_setting_is_named(name):
    environment = {key: value for key, value in ENVIRONMENT.items() if key != name}

    with pytest.raises(ValueError, match=name):
        QuerySettings.model_validate(environment)


def test_cursors_are_signed_with_the_field_key_of_a_secret(account):
    environment = {**ENVIRONMENT, "CURSOR_KEY_BACKEND": "secretsmanager", "CURSOR_KEY_SECRET": "cursor-key"}
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="cursor-key", SecretString='{"key": "k1"}')
        app = wiring.build(QuerySettings.model_validate(environment))

        assert b"k1" == app.routes.lister.cursor_key()
    secretsmanager_client.cache_clear()


def test_cursors_are_signed_with_the_bare_value_of_a_parameter(account):
    with mock_aws():
        boto3.client("ssm").put_parameter(Name=ENVIRONMENT["CURSOR_KEY_SECRET"], Value="k1", Type="SecureString")
        app = wiring.build(QuerySettings.model_validate(ENVIRONMENT))

        assert b"k1" == app.routes.lister.cursor_key()
    ssm_client.cache_clear()


def test_the_environment_holds_names_of_secrets_only():
    words = ("password", "key", "secret")
    secrets = [name for name in QuerySettings.model_fields if any(word in name for word in words)]

    assert ["database_secret", "cursor_key_backend", "cursor_key_secret"] == secrets
