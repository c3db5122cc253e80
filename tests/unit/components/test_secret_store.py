"""SecretStore: one way to ask for a secret, wherever it is kept."""

import json

import pulumi
import pytest
from pulumi_aws import iam, ssm

from components.encryption import StackKey, StackKeyArgs
from components.policy import policy_json
from components.secret_store import SecretStore
from components.secret_value import generated_value
from components.settings import SecretsSettings
from tests.support.database_stacks import KEY_ARN
from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import SECRET, SECRET_LOOKUPS, a_naming, a_platform, an_account

PARAMETER = "aws:ssm/parameter:Parameter"
SECRET_TYPE = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"


def stored(*, deletion_protection: bool = True, **settings: object) -> Recorder:
    """Make one secret, and a reader of it."""

    def program() -> None:
        key = StackKey("encryption", StackKeyArgs(account=an_account(), naming=a_naming(), protect=False))
        store = SecretStore(
            settings=SecretsSettings(**settings),
            platform=a_platform(key=key),
            deletion_protection=deletion_protection,
        )
        secret = store.secret(
            "cursor-key",
            "query/cursor-key",
            "Signs cursors",
            pulumi.ResourceOptions(),
            secret_field="key",
        )
        ssm.Parameter("told", type="String", value=pulumi.Output.concat(secret.backend, " ", secret.reference))
        iam.RolePolicy("reader", role="reader", policy=policy_json(secret.read_statements()))

    return deploy(program, lookups=SECRET_LOOKUPS)


def may_read(stack: Recorder) -> list[dict[str, object]]:
    return json.loads(stack.one("aws:iam/rolePolicy:RolePolicy", "reader").inputs["policy"])["Statement"]


@pytest.mark.parametrize("backend", ["ssm", "iam"])
def test_a_parameter_is_a_secure_string_that_holds_the_bare_value(backend):
    stack = stored(backend=backend)

    parameter = stack.one(PARAMETER, "cursor-key-parameter")
    assert {
        "name": "/fluxa/test/query/cursor-key",
        "type": "SecureString",
        "description": "Signs cursors",
        "valueWo": SECRET,
        "valueWoVersion": 1,
    } == parameter.inputs
    assert {"valueWo"} == parameter.secret_inputs


def test_a_secret_of_secrets_manager_is_a_json_object_that_is_written_and_never_kept():
    stack = stored(backend="secretsmanager")

    version = stack.one(VERSION)
    assert {
        "name": "/fluxa/test/query/cursor-key",
        "description": "Signs cursors",
        "recoveryWindowInDays": 30,
        "forceOverwriteReplicaSecret": False,
    } == {"forceOverwriteReplicaSecret": False, **stack.one(SECRET_TYPE).inputs}
    assert {"key": SECRET} == json.loads(version.inputs.pop("secretStringWo"))
    assert {"secretId": "cursor-key-secret-id", "secretStringWoVersion": 1} == version.inputs
    assert {"secretStringWo"} == version.secret_inputs


@pytest.mark.parametrize("backend", ["ssm", "secretsmanager"])
def test_the_stack_s_key_encrypts_a_secret_where_the_settings_say_so(backend):
    type_, name = (PARAMETER, "keyId") if backend == "ssm" else (SECRET_TYPE, "kmsKeyId")

    with_key, without = (
        next(item for item in stored(backend=backend, encryption=encryption).of_type(type_) if item.name != "told")
        for encryption in ("kms", "aws")
    )

    assert KEY_ARN == with_key.inputs[name]
    assert name not in without.inputs


@pytest.mark.parametrize(
    ("backend", "action", "service", "resource"),
    [
        ("ssm", "ssm:GetParameter", "ssm", "arn:aws:test:::cursor-key-parameter"),
        ("secretsmanager", "secretsmanager:GetSecretValue", "secretsmanager", "arn:aws:test:::cursor-key-secret"),
    ],
)
def test_a_reader_may_read_this_secret_and_use_the_key_for_it(backend, action, service, resource):
    statements = may_read(stored(backend=backend, encryption="kms"))

    assert [
        {"Effect": "Allow", "Action": [action], "Resource": [resource]},
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [KEY_ARN],
            "Condition": {"StringEquals": {"kms:ViaService": f"{service}.eu-central-1.amazonaws.com"}},
        },
    ] == statements


@pytest.mark.parametrize(
    ("backend", "told", "holder"),
    [
        ("ssm", "ssm /fluxa/test/query/cursor-key", "cursor-key-parameter"),
        ("secretsmanager", "secretsmanager arn:aws:test:::cursor-key-secret", "cursor-key-version"),
    ],
)
def test_whoever_is_told_of_a_secret_comes_after_its_value(backend, told, holder):
    reader = stored(backend=backend).one(PARAMETER, "told")

    assert told == reader.inputs["value"]
    assert holder in reader.dependencies


def test_the_secret_of_a_throw_away_stack_leaves_its_name_free_at_once():
    stack = stored(backend="secretsmanager", deletion_protection=False)

    assert 0 == stack.one(SECRET_TYPE).inputs["recoveryWindowInDays"]


@pytest.mark.parametrize("backend", ["ssm", "secretsmanager"])
def test_no_secret_stands_in_the_way_of_another_backend(backend):
    assert not any(item.protect for item in stored(backend=backend).resources)


@pytest.mark.parametrize("backend", ["ssm", "secretsmanager"])
def test_a_value_that_is_read_back_stays_secret_wherever_it_is_put(backend):
    generated = {"aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": "another-one"}}

    def program() -> None:
        store = SecretStore(settings=SecretsSettings(backend=backend), platform=a_platform(), deletion_protection=False)
        secret = store.secret("it", "it", "It", pulumi.ResourceOptions(), secret_field="password")
        # An input that the provider does not mark by itself.
        ssm.Parameter("holder", type="String", value="plain", description=secret.value())

    holder = deploy(program, lookups=SECRET_LOOKUPS | generated).one(PARAMETER, "holder")
    assert SECRET == holder.inputs["description"]
    assert "description" in holder.secret_inputs


def test_a_generated_value_is_secret_before_any_store_has_it():
    def program() -> None:
        maker = pulumi.ComponentResource("test:index:Maker", "maker")
        ssm.Parameter("holder", type="String", value="plain", description=generated_value(maker))

    holder = deploy(program, lookups=SECRET_LOOKUPS).one(PARAMETER, "holder")
    assert "description" in holder.secret_inputs
