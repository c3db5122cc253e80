"""What Secrets Manager is asked during a rotation, and that its secrets stay out of every error."""

import json
import traceback

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.secret_versions import SecretsManagerVersions
from functions.common.errors import SecretUnavailable

ARN = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:fluxa/query-AbCdEf"
VERSION = "11111111-2222-3333-4444-555555555555"
CURRENT = {"SecretId": ARN, "VersionStage": "AWSCURRENT"}
PENDING = {"SecretId": ARN, "VersionId": VERSION, "VersionStage": "AWSPENDING"}


@pytest.fixture
def stubber():
    client = boto3.client("secretsmanager", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def versions(stubber):
    return SecretsManagerVersions(lambda: stubber.client)


def test_a_version_that_holds_nothing_yet_is_no_error(stubber, versions):
    stubber.add_client_error("get_secret_value", "ResourceNotFoundException", expected_params=PENDING)

    assert versions.pending(ARN, VERSION) is None


@pytest.mark.parametrize("code", ["AccessDeniedException", "DecryptionFailure", "InternalServiceError"])
def test_a_version_that_cannot_be_read_is_not_an_empty_one(stubber, versions, code):
    """Or a second password would take the place of the one that PostgreSQL has been given."""
    stubber.add_client_error("get_secret_value", code, expected_params=PENDING)

    with pytest.raises(SecretUnavailable, match=f"query-AbCdEf .{code}"):
        versions.pending(ARN, VERSION)


def test_a_value_is_put_under_the_version_that_secrets_manager_chose(stubber, versions):
    value = {"username": "fluxa_query", "password": "new"}
    stubber.add_response(
        "put_secret_value",
        {},
        {
            "SecretId": ARN,
            "ClientRequestToken": VERSION,
            "SecretString": json.dumps(value),
            "VersionStages": ["AWSPENDING"],
        },
    )

    versions.put_pending(ARN, VERSION, value)


@pytest.mark.parametrize("text", ["not json: s3cret", '"s3cret"', "[]"])
def test_a_secret_of_another_form_is_named_and_not_quoted(stubber, versions, text):
    stubber.add_response("get_secret_value", {"SecretString": text}, CURRENT)

    with pytest.raises(SecretUnavailable, match="query-AbCdEf is no JSON object") as caught:
        versions.current(ARN)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
