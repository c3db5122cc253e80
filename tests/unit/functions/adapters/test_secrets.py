"""Secrets are read once, again when they are old or refused, and their names are all that errors tell."""

import json
import traceback

import boto3
import pytest
from botocore.stub import Stubber

from functions.adapters.secrets import Secret, SecretsManagerField, SsmParameter
from functions.common.errors import SecretUnavailable

PARAMETER = "/fluxa/test/database-password"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:fluxa-test-processor-AbCdEf"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Kept:
    """A source whose values the test sets; None is one that cannot be read."""

    name = PARAMETER

    def __init__(self, value, pending=None):
        self.value = value
        self.pending_value = pending
        self.reads = 0
        self.pending_reads = 0

    def current(self):
        self.reads += 1
        if self.value is None:
            raise SecretUnavailable("It could not be read.")
        return self.value

    def pending(self):
        self.pending_reads += 1
        if self.pending_value is None:
            raise SecretUnavailable("It could not be read.")
        return self.pending_value


@pytest.fixture
def clock():
    return Clock()


def a_stubbed(service):
    return Stubber(boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"))


@pytest.fixture
def ssm():
    with a_stubbed("ssm") as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def secretsmanager():
    with a_stubbed("secretsmanager") as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def a_field(stubber, field="password"):
    return SecretsManagerField(lambda: stubber.client, ARN, field=field)


class TestSecret:
    def test_nothing_is_read_before_the_first_use(self):
        source = Kept("s1")

        Secret(source)

        assert 0 == source.reads

    def test_it_is_read_once(self, clock):
        source = Kept("s1")
        secret = Secret(source, clock=clock)

        assert (["s1", "s1", "s1"], 1) == ([secret() for _ in range(3)], source.reads)

    def test_an_old_one_is_read_again(self, clock):
        source = Kept("s1")
        secret = Secret(source, clock=clock)
        secret()
        source.value = "s2"
        clock.now += 15 * 60

        assert "s2" == secret()

    def test_an_old_one_serves_on_while_it_cannot_be_renewed(self, clock):
        source = Kept("s1")
        secret = Secret(source, clock=clock)
        secret()
        source.value = None
        clock.now += 15 * 60

        assert "s1" == secret()

    def test_one_that_was_never_read_is_missed(self):
        with pytest.raises(SecretUnavailable):
            Secret(Kept(None))()

    def test_a_refused_one_is_read_again(self, clock):
        source = Kept("s1")
        secret = Secret(source, clock=clock)
        secret()
        source.value = "s2"
        clock.now += 6

        assert ["s2", "s2"] == [secret.refresh(), secret()]
        assert 0 == source.pending_reads

    def test_one_read_a_moment_ago_is_not_read_again_however_often_it_is_refused(self, clock):
        source = Kept("s1")
        secret = Secret(source, clock=clock)
        secret()
        clock.now += 4.9

        assert (["s1"] * 3, 1, 1) == ([secret.refresh() for _ in range(3)], source.reads, source.pending_reads)

    def test_one_that_is_refused_again_and_again_is_read_every_five_seconds(self, clock):
        source = Kept("s1")
        secret = Secret(source, clock=clock)
        for _ in range(100):
            secret.refresh()
            clock.now += 0.1

        assert (2, 2) == (source.reads, source.pending_reads)

    def test_an_unchanged_one_gives_way_to_what_a_rotation_is_about_to_make_valid(self, clock):
        source = Kept("s1", pending="s2")
        secret = Secret(source, clock=clock)
        secret()

        assert ["s2", "s2"] == [secret.refresh(), secret()]

    def test_a_pending_one_refused_in_turn_gives_way_to_the_current_one(self, clock):
        """A rotation that stopped half-way may have left the database with either."""
        source = Kept("s1", pending="s2")
        secret = Secret(source, clock=clock)
        secret()
        clock.now += 6
        secret.refresh()
        clock.now += 6

        assert ["s1", "s1"] == [secret.refresh(), secret()]


class TestSsmParameter:
    def test_its_value_is_the_secret(self, ssm):
        request = {"Name": PARAMETER, "WithDecryption": True}
        ssm.add_response("get_parameter", {"Parameter": {"Name": PARAMETER, "Value": "s1"}}, request)

        assert "s1" == SsmParameter(lambda: ssm.client, PARAMETER).current()

    def test_it_changes_in_one_step(self, ssm):
        assert SsmParameter(lambda: ssm.client, PARAMETER).pending() is None

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ParameterNotFound", "ThrottlingException"])
    def test_one_that_cannot_be_read_is_named(self, ssm, code):
        ssm.add_client_error("get_parameter", code)

        with pytest.raises(SecretUnavailable, match=f"parameter {PARAMETER} could not be read"):
            SsmParameter(lambda: ssm.client, PARAMETER).current()


class TestSecretsManagerField:
    def test_one_field_of_the_json_is_the_secret(self, secretsmanager):
        text = json.dumps({"username": "fluxa_processor", "password": "s1"})
        request = {"SecretId": ARN, "VersionStage": "AWSCURRENT"}
        secretsmanager.add_response("get_secret_value", {"SecretString": text}, request)

        assert "s1" == a_field(secretsmanager).current()

    def test_another_field_may_be_asked_for(self, secretsmanager):
        secretsmanager.add_response("get_secret_value", {"SecretString": '{"key": "k1"}'})

        assert "k1" == a_field(secretsmanager, "key").current()

    def test_the_pending_version_is_asked_for_by_its_stage(self, secretsmanager):
        request = {"SecretId": ARN, "VersionStage": "AWSPENDING"}
        secretsmanager.add_response("get_secret_value", {"SecretString": '{"password": "s2"}'}, request)

        assert "s2" == a_field(secretsmanager).pending()

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ThrottlingException"])
    def test_one_that_cannot_be_read_is_named(self, secretsmanager, code):
        secretsmanager.add_client_error("get_secret_value", code)

        with pytest.raises(SecretUnavailable, match=f"secret {ARN} could not be read"):
            a_field(secretsmanager).current()

    @pytest.mark.parametrize(
        "answer",
        [
            {"SecretString": "very-secret"},
            {"SecretString": '{"password": "very-secret'},
            {"SecretString": '["very-secret"]'},
            {"SecretString": '"very-secret"'},
            {"SecretString": '{"passwd": "very-secret"}'},
            {"SecretString": '{"password": {"value": "very-secret"}}'},
            {"SecretString": '{"password": "", "old": "very-secret"}'},
            {"SecretBinary": b'{"password": "very-secret"}'},
        ],
    )
    def test_one_of_another_form_is_refused_by_name_and_field_and_not_quoted(self, secretsmanager, answer):
        secretsmanager.add_response("get_secret_value", answer)

        with pytest.raises(SecretUnavailable, match=rf'{ARN} is no JSON object with a text "password"') as refused:
            a_field(secretsmanager).current()

        error = refused.value
        assert (None, None) == (error.__cause__, error.__context__)
        assert "very-secret" not in "".join(traceback.format_exception(error))
