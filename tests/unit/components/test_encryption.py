"""StackKey: who may use it, and for what."""

import json
from typing import Any

import pytest

from components.encryption import StackKey, StackKeyArgs
from components.policy import policy_json
from tests.support.pulumi_recorder import deploy
from tests.support.stack_builders import ACCOUNT_ID, a_key, a_naming, an_account, document_of

KEY = "aws:kms/key:Key"
KEY_ARN = "arn:aws:test:::encryption-key"


def policy() -> dict[str, dict[str, Any]]:
    """Return the statements of the key's policy, by whom they are about."""
    statements = document_of(deploy(a_key).one(KEY))["Statement"]
    return {next(iter(item["Principal"].values())): item for item in statements}


def test_the_key_rotates_has_a_name_and_can_be_brought_back_for_a_month():
    stack = deploy(a_key)

    inputs = stack.one(KEY).inputs
    assert (True, 30) == (inputs["enableKeyRotation"], inputs["deletionWindowInDays"])
    alias = stack.one("aws:kms/alias:Alias")
    assert {"name": "alias/fluxa-test", "targetKeyId": "encryption-key-id"} == alias.inputs


@pytest.mark.parametrize("is_protected", [True, False])
def test_the_key_is_protected_when_what_it_encrypts_is(is_protected):
    def program() -> None:
        StackKey("encryption", StackKeyArgs(account=an_account(), naming=a_naming(), protect=is_protected))

    assert is_protected == deploy(program).one(KEY).protect


def test_the_policy_admits_the_account_the_logs_and_who_publishes_to_topics():
    assert {
        ACCOUNT_ID,
        "logs.eu-central-1.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "events.rds.amazonaws.com",
    } == set(policy())


def test_every_action_of_the_policy_is_written_out():
    assert not [action for item in policy().values() for action in item["Action"] if "*" in action]


def test_the_account_can_always_change_the_policy():
    """KMS refuses a policy that nobody could replace."""
    assert {"kms:PutKeyPolicy", "kms:GetKeyPolicy", "kms:CreateGrant"} <= set(policy()[ACCOUNT_ID]["Action"])


def test_logs_use_the_key_for_log_groups_of_this_account_only():
    assert {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-central-1:{ACCOUNT_ID}:log-group:*",
        }
    } == policy()["logs.eu-central-1.amazonaws.com"]["Condition"]


@pytest.mark.parametrize("publisher", ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"])
def test_publishers_encrypt_on_behalf_of_this_account_only(publisher):
    statement = policy()[publisher]

    assert ["kms:Decrypt", "kms:GenerateDataKey"] == statement["Action"]
    assert {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}} == statement["Condition"]


def test_the_key_is_offered_through_one_service_at_a_time():
    texts: list[str] = []

    def program() -> None:
        key = a_key()
        policy_json([key.read_statement("s3"), key.write_statement("sqs")]).apply(texts.append)

    deploy(program)
    assert [
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [KEY_ARN],
            "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
        },
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [KEY_ARN],
            "Condition": {"StringEquals": {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}},
        },
    ] == json.loads(texts[0])["Statement"]
