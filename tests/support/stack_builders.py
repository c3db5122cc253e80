"""Components and what they depend on, with everything a test does not care about filled in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import yaml

from components.account import Account
from components.database import EventDatabase, EventDatabaseArgs
from components.function_unit import FunctionPlatform
from components.messaging import EventQueue, EventQueueArgs
from components.naming import Naming
from components.network import PrivateNetwork, PrivateNetworkArgs
from components.settings import DatabaseSettings, NetworkSettings, ProcessingSettings, QueueSettings, StorageSettings
from components.storage import PayloadBucket, PayloadBucketArgs
from tests.support.pulumi_recorder import PROJECT, STACK, Recorded, Recorder

REPOSITORY = Path(__file__).parents[2]
ACCOUNT_ID = "123456789012"
SECRET = "made-up-secret"

SECRET_LOOKUPS = {
    "aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": SECRET},
    "aws:ssm/getParameter:getParameter": {"value": SECRET},
}
"""The look-ups by which a secret comes to be."""

ALL_LOOKUPS = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": ["zone-c", "zone-a", "zone-b"]},
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT_ID},
    **SECRET_LOOKUPS,
}
"""Every look-up of the whole program."""


class NamedBundles:
    """Bundles that exist by name only."""

    def __init__(self, digest: str = "digest") -> None:
        self._digest = digest

    def archive(self, function: str) -> pulumi.Archive:
        return pulumi.FileArchive(f"{function}.zip")

    def digest(self, function: str) -> str:
        return f"{function}-{self._digest}"


def a_naming(stack: str = STACK) -> Naming:
    return Naming(project=PROJECT, stack=stack)


def a_platform(**changes: Any) -> FunctionPlatform:
    values: dict[str, Any] = {
        "naming": a_naming(),
        "bundles": NamedBundles(),
        "python": "3.13",
        "architecture": "arm64",
        "log_retention_days": 14,
        "log_level": "INFO",
        "fluxa_version": "1.2.3",
        "settings_fingerprint": "abc",
    }
    return FunctionPlatform(**values | changes)


def an_account() -> Account:
    """Only inside `deploy`."""
    return Account(
        provider=aws.Provider("aws", region="eu-central-1"),
        account_id=pulumi.Output.from_input(ACCOUNT_ID),
        region="eu-central-1",
        zones=pulumi.Output.from_input(["zone-a", "zone-b", "zone-c"]),
    )


def a_queue(**consumer: Any) -> EventQueue:
    """Only inside `deploy`."""
    args = EventQueueArgs(settings=QueueSettings(), consumer=ProcessingSettings(**consumer))
    return EventQueue("events", args)


def a_bucket(**settings: Any) -> PayloadBucket:
    """Only inside `deploy`."""
    return PayloadBucket("payloads", PayloadBucketArgs(settings=StorageSettings(**settings)))


def a_network(**settings: Any) -> PrivateNetwork:
    """Only inside `deploy`."""
    queue, payloads = a_queue(), a_bucket()
    args = PrivateNetworkArgs(
        settings=NetworkSettings(**settings),
        account=an_account(),
        bucket_statements=payloads.inside_statements(),
        interface_statements={"sqs": queue.inside_statements()},
    )
    return PrivateNetwork("network", args)


def a_database(network: PrivateNetwork, **settings: Any) -> EventDatabase:
    """Only inside `deploy`."""
    args = EventDatabaseArgs(settings=DatabaseSettings(**settings), platform=a_platform(), network=network)
    return EventDatabase("database", args)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What functions are built among."""

    account: Account
    queue: EventQueue
    payloads: PayloadBucket
    network: PrivateNetwork
    database: EventDatabase


def surroundings() -> Surroundings:
    """Only inside `deploy`, with `SECRET_LOOKUPS`."""
    account, queue, payloads = an_account(), a_queue(), a_bucket()
    network_args = PrivateNetworkArgs(
        settings=NetworkSettings(), account=account, bucket_statements=(), interface_statements={}
    )
    network = PrivateNetwork("network", network_args)
    return Surroundings(account=account, queue=queue, payloads=payloads, network=network, database=a_database(network))


def statements_of(recorder: Recorder, policy: str) -> list[dict[str, Any]]:
    """Return the statements of a function's policy, by its logical name."""
    return json.loads(recorder.one("aws:iam/rolePolicy:RolePolicy", policy).inputs["policy"])["Statement"]


def document_of(resource: Recorded, key: str = "policy") -> dict[str, Any]:
    """Return one of a resource's inputs that is a JSON document."""
    return json.loads(resource.inputs[key])


def stack_file(stack: str) -> dict[str, Any]:
    """Return the configuration of a real stack file, as written."""
    return yaml.safe_load((REPOSITORY / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
