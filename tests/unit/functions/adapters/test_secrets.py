"""Secrets are read once, again when they are old or refused, and their names are all that errors tell."""

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.secrets import SsmSecret
from functions.common.errors import SecretUnavailable

NAME = "/fluxa/test/database-password"
REQUEST = {"Name": NAME, "WithDecryption": True}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def stubber():
    client = boto3.client("ssm", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def secret(stubber, clock):
    return SsmSecret(lambda: stubber.client, NAME, clock=clock)


def answers(stubber, *values):
    for value in values:
        stubber.add_response("get_parameter", {"Parameter": {"Name": NAME, "Value": value}}, REQUEST)


def test_nothing_is_read_before_the_first_use():
    def no_client():
        raise AssertionError("a client was made")

    SsmSecret(no_client, NAME)


def test_a_secret_is_read_once(stubber, secret):
    answers(stubber, "s1")

    assert ["s1", "s1", "s1"] == [secret() for _ in range(3)]


def test_an_old_secret_is_read_again(stubber, secret, clock):
    answers(stubber, "s1", "s2")
    secret()
    clock.now += 15 * 60

    assert "s2" == secret()


def test_an_old_secret_serves_on_while_it_cannot_be_renewed(stubber, secret, clock):
    answers(stubber, "s1")
    stubber.add_client_error("get_parameter", "ThrottlingException", expected_params=REQUEST)
    secret()
    clock.now += 15 * 60

    assert "s1" == secret()


def test_a_refused_secret_is_read_again(stubber, secret, clock):
    answers(stubber, "s1", "s2")
    secret()
    clock.now += 6

    assert ["s2", "s2"] == [secret.refresh(), secret()]


def test_a_secret_read_a_moment_ago_is_not_read_again_however_often_it_is_refused(stubber, secret, clock):
    answers(stubber, "s1")
    secret()
    clock.now += 4.9

    assert ["s1", "s1"] == [secret.refresh(), secret.refresh()]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ParameterNotFound", "ThrottlingException"])
def test_a_secret_that_cannot_be_read_names_its_parameter(stubber, secret, code):
    stubber.add_client_error("get_parameter", code, expected_params=REQUEST)

    with pytest.raises(SecretUnavailable, match=f"{NAME} could not be read"):
        secret()
