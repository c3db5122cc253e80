"""A function's settings come from its environment, which nothing may quote."""

import pytest
from pydantic import ValidationError

from functions.common.environment import DatabaseSettings, FunctionSettings


def test_a_missing_key_is_named_and_no_value_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very-secret-token")
    monkeypatch.delenv("STACK", raising=False)

    with pytest.raises(ValidationError, match="STACK") as refused:
        FunctionSettings.from_environment()

    assert "very-secret-token" not in str(refused.value)


DATABASE = {
    "STACK": "test",
    "FLUXA_VERSION": "1.2.3",
    "SETTINGS_FINGERPRINT": "abc",
    "DATABASE_HOST": "db.internal",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "fluxa",
    "DATABASE_USER": "fluxa_processor",
    "DATABASE_AUTH": "ssm",
    "DATABASE_SECRET": "/fluxa/test/processor/password",
    "DATABASE_TLS": "verify-full",
}


def database_settings(**changes: str | None) -> DatabaseSettings:
    """Read `DATABASE` with some keys changed; None leaves a key out."""
    values = {key: value for key, value in {**DATABASE, **changes}.items() if value is not None}
    return DatabaseSettings.model_validate(values)


@pytest.mark.parametrize("secret", [None, ""])
@pytest.mark.parametrize(
    ("auth", "what"), [("ssm", "name of the SSM parameter"), ("secretsmanager", "ARN of the secret")]
)
def test_a_password_must_be_somewhere(auth: str, what: str, secret: str | None) -> None:
    with pytest.raises(ValidationError, match=f"DATABASE_AUTH={auth} needs DATABASE_SECRET: set it to the {what}"):
        database_settings(DATABASE_AUTH=auth, DATABASE_SECRET=secret)


def test_a_token_comes_from_no_secret() -> None:
    assert database_settings(DATABASE_AUTH="iam", DATABASE_SECRET=None).database_secret is None


def test_a_token_is_never_sent_unencrypted() -> None:
    with pytest.raises(ValidationError, match=r"DATABASE_AUTH=iam needs TLS.* set DATABASE_TLS to verify-full"):
        database_settings(DATABASE_AUTH="iam", DATABASE_SECRET=None, DATABASE_TLS="disable")


@pytest.mark.parametrize(("key", "value"), [("DATABASE_AUTH", "password"), ("DATABASE_TLS", "require")])
def test_another_word_is_refused_with_those_that_exist(key: str, value: str) -> None:
    with pytest.raises(ValidationError, match=f"{key}\n  Input should be '"):
        database_settings(**{key: value})


@pytest.mark.parametrize(("tls", "behind"), [("verify-full", False), ("verify-system", True), ("disable", False)])
def test_a_proxy_is_known_by_its_certificate(tls: str, behind: bool) -> None:
    assert behind == database_settings(DATABASE_TLS=tls).behind_proxy
