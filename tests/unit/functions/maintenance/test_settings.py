"""What maintenance must be told, and what it says when something is missing."""

import pytest
from pydantic import ValidationError

from functions.maintenance.settings import MaintenanceSettings

COMPLETE = {
    "STACK": "test",
    "FLUXA_VERSION": "0",
    "SETTINGS_FINGERPRINT": "0",
    "DATABASE_HOST": "localhost",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "fluxa",
    "DATABASE_USER": "fluxa_admin",
    "DATABASE_AUTH": "ssm",
    "DATABASE_SECRET": "/fluxa/test/admin",
    "DATABASE_TLS": "verify-full",
    "LOGIN_BACKEND": "ssm",
    "PROCESSOR_SECRET": "/fluxa/test/processor",
    "QUERY_SECRET": "/fluxa/test/query",
    "QUEUE_URL": "https://queue",
    "DEAD_LETTER_QUEUE_URL": "https://dead-letters",
    "PAYLOAD_BUCKET": "payloads",
    "KEY_RETENTION_DAYS": "35",
    "MESSAGE_LIFETIME_DAYS": "43",
}


def settings(**changes):
    values = {name: value for name, value in (COMPLETE | changes).items() if value is not None}
    return MaintenanceSettings.model_validate(values)


def test_without_a_number_of_days_events_are_kept_for_ever():
    assert (None, 90) == (settings().retention_days, settings(RETENTION_DAYS="90").retention_days)


@pytest.mark.parametrize("backend", ["ssm", "secretsmanager"])
@pytest.mark.parametrize("missing", ["PROCESSOR_SECRET", "QUERY_SECRET"])
def test_roles_with_passwords_need_their_secrets(backend, missing):
    with pytest.raises(ValidationError, match=f"LOGIN_BACKEND={backend} needs {missing}: set each"):
        settings(LOGIN_BACKEND=backend, **{missing: None})


def test_roles_with_tokens_need_none():
    assert "iam" == settings(LOGIN_BACKEND="iam", PROCESSOR_SECRET=None, QUERY_SECRET=None).login_backend


@pytest.mark.parametrize("name", ["RETENTION_DAYS", "KEY_RETENTION_DAYS", "MESSAGE_LIFETIME_DAYS"])
@pytest.mark.parametrize("days", ["0", "-1", "soon"])
def test_retention_is_a_whole_number_of_days(name, days):
    """At 0, everything there is would be old enough."""
    with pytest.raises(ValidationError, match=name):
        settings(**{name: days})
