"""Tokens are those that AWS's own client makes, made without it."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.auth
import botocore.loaders
import pytest

from functions.adapters.iam_token import IamToken
from functions.common.errors import SecretUnavailable

HOST = "fluxa-prod.abc123.eu-central-1.rds.amazonaws.com"


class Calendar:
    """Stands in for botocore's clock."""

    now = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)

    def __call__(self):
        return self.now.replace(tzinfo=None)


@pytest.fixture
def calendar(monkeypatch):
    stopped = Calendar()
    monkeypatch.setattr(botocore.auth, "get_current_datetime", stopped)
    return stopped


@pytest.fixture
def account(monkeypatch):
    """What Lambda sets: credentials of the function's role, and the region."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made/up+secret=")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "made/up+session==")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


def a_token(user="fluxa_processor"):
    return IamToken(host=HOST, port=5432, user=user)


@pytest.mark.parametrize("user", ["fluxa_processor", "it's + a @ user"])
def test_a_token_is_the_one_that_the_rds_client_makes(account, calendar, user):
    rds = boto3.session.Session().client("rds")

    assert rds.generate_db_auth_token(HOST, 5432, user) == a_token(user)()


def test_a_token_names_the_server_and_the_user_and_is_good_for_a_quarter_of_an_hour(account):
    token = urlsplit(f"//{a_token()()}")

    query = parse_qs(token.query)
    assert (HOST, 5432) == (token.hostname, token.port)
    assert (["connect"], ["fluxa_processor"], ["900"]) == (query["Action"], query["DBUser"], query["X-Amz-Expires"])
    assert "eu-central-1/rds-db" in query["X-Amz-Credential"][0]


def test_each_connection_gets_a_token_of_its_own_time(account, calendar):
    token = a_token()
    first = token()
    calendar.now = datetime(2026, 11, 23, 12, 20, 0, tzinfo=UTC)

    assert "20261123T120000Z" in first
    assert "20261123T122000Z" in token()
    assert "20261123T122000Z" in token.refresh()


def test_no_description_of_a_service_is_loaded(account, monkeypatch):
    """RDS's is the second largest of all: it is not even in the bundles."""

    def refuse(*_arguments, **_options):
        raise AssertionError("a description was loaded")

    monkeypatch.setattr(botocore.loaders.Loader, "load_service_model", refuse)

    assert a_token()()


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"])
def test_without_credentials_or_region_there_is_no_token(account, monkeypatch, missing):
    monkeypatch.delenv(missing)

    with pytest.raises(SecretUnavailable, match="token for fluxa_processor"):
        a_token()()
