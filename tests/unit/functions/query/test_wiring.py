"""What is built from the environment, without asking anybody."""

import pytest

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
    "DATABASE_PASSWORD_PARAMETER": "/fluxa/dev/database/password",
    "DATABASE_TLS": "verify-full",
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/events",
    "PAYLOAD_BUCKET": "payloads-1",
    "CURSOR_KEY_PARAMETER": "/fluxa/dev/query/cursor-key",
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


def test_the_environment_holds_names_of_secrets_only():
    secrets = [name for name in QuerySettings.model_fields if "password" in name or "key" in name]

    assert ["database_password_parameter", "cursor_key_parameter"] == secrets
