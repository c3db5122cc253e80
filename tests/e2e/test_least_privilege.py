"""Every action that a function's role allows is used, and every action used is allowed: as the emulator saw it."""

import fnmatch
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
import pytest

from fluxa.local.platform import LocalPlatform
from tests.support.api import Api
from tests.support.every_feature import make_effects_table, use_every_feature
from tests.support.permissions import Grant, calls, grants

pytestmark = pytest.mark.timeout(300)


class Unseen(NamedTuple):
    """Actions that no call can be seen for on this machine, and why they are granted."""

    functions: str
    """A pattern of functions' names."""
    actions: str
    """A pattern of actions."""
    reason: str


UNSEEN = (
    Unseen("*", "logs:*", "Lambda writes the log with the function's role; the emulator does not ask"),
    Unseen("*", "ec2:*", "Lambda makes the network interfaces; the emulator has none"),
    Unseen("*", "xray:*", "Lambda's daemon sends the traces; the emulator has none"),
    Unseen("*", "kms:*", "the services use the key on the role's behalf; the emulator does not ask"),
    Unseen("processor", "sqs:ReceiveMessage", "Lambda's poller takes messages; the emulator's asks nobody"),
    Unseen("processor", "sqs:DeleteMessage", "as above"),
    Unseen("processor", "sqs:GetQueueAttributes", "as above"),
    Unseen("processor", "s3:ListBucket", "S3 asks by itself, before it says that a payload does not exist"),
    Unseen("maintenance", "secretsmanager:PutSecretValue", "the emulator cannot begin a rotation without a value"),
    Unseen("maintenance", "sqs:SendMessage", "Lambda itself parks invocations that failed to the end"),
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one platform allows, and what was asked of it while every feature was used."""

    grants: list[Grant]
    refused: list[str]
    unused: list[Grant]
    """Granted, and nobody asked for it."""
    ungranted: list[str]
    """Asked for, and not granted."""


def evidence(platform: LocalPlatform) -> Evidence:
    api = Api(platform.outputs.document())
    with psycopg.connect(platform.outputs.database_url, autocommit=True) as connection:
        make_effects_table(connection)
    try:
        use_every_feature(platform, api)
    finally:
        api.close()
    granted, asked = grants(platform), calls(platform)
    return Evidence(
        grants=granted,
        refused=[str(call) for made in asked.values() for call in made if not call.allowed],
        unused=[grant for grant in granted if not any(grant.covers(call) for call in asked[grant.function])],
        ungranted=[
            str(call)
            for function, made in asked.items()
            for call in made
            if not any(grant.function == function and grant.covers(call) for grant in granted)
        ],
    )


def excuses(grant: Grant) -> list[Unseen]:
    return [
        item
        for item in UNSEEN
        if fnmatch.fnmatch(grant.function, item.functions) and fnmatch.fnmatch(grant.action, item.actions)
    ]


@pytest.fixture(scope="module")
def local(platform: LocalPlatform) -> Evidence:
    return evidence(platform)


@pytest.fixture(scope="module")
def prod(prod_platform: LocalPlatform) -> Evidence:
    return evidence(prod_platform)


@pytest.fixture(params=["local", "prod"])
def proof(request: pytest.FixtureRequest) -> Evidence:
    """Both shapes: passwords in SSM and few services, and everything that production has."""
    found: Evidence = request.getfixturevalue(request.param)
    return found


def test_every_action_granted_is_used(proof: Evidence):
    assert [] == [str(grant) for grant in proof.unused if not excuses(grant)]


def test_every_action_used_is_granted_and_none_was_refused(proof: Evidence):
    assert ([], []) == (proof.ungranted, proof.refused)


def test_all_that_cannot_be_seen_is_granted_somewhere_and_really_unseen(prod: Evidence):
    """An excuse that nothing needs any more would cover the next mistake."""
    excused = {item for grant in prod.unused for item in excuses(grant)}

    assert [] == [item for item in UNSEEN if item not in excused]
    assert [] == [str(grant) for grant in prod.grants if grant not in prod.unused and excuses(grant)]


WRITES = {"s3": "s3:PutObject", "secretsmanager": "secretsmanager:PutSecretValue", "sqs": "sqs:SendMessage"}
"""The action behind which each service asks for a new data key; every other one needs at most to decrypt."""


def test_the_stacks_key_serves_only_what_else_is_granted(prod: Evidence):
    """Nobody sees the key being used here, so each use must follow from an action that was seen, or is excused."""
    keys = [grant for grant in prod.grants if grant.action.startswith("kms:")]
    others = {(grant.function, grant.action) for grant in prod.grants} - {(key.function, key.action) for key in keys}

    for key in keys:
        actions = {action for function, action in others if function == key.function}
        if key.action == "kms:GenerateDataKey":
            assert WRITES[key.via] in actions, key
        else:
            # Lambda decrypts the environment of every function.
            assert key.via == "lambda" or any(action.startswith(f"{key.via}:") for action in actions), key
    assert {"lambda", *WRITES} == {key.via for key in keys}


def test_every_function_has_something_to_prove(proof: Evidence):
    seen = {grant.function for grant in proof.grants if grant not in proof.unused}

    assert {"ingest", "processor", "query", "maintenance"} == seen
