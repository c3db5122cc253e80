"""Components and what they depend on, with everything a test does not care about filled in."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import yaml

from components.account import Account
from components.database import EventDatabase, EventDatabaseArgs
from components.encryption import StackKey, StackKeyArgs
from components.log_groups import LogKeeping
from components.messaging import EventQueue, EventQueueArgs
from components.naming import Naming
from components.network import Network, NetworkArgs, create_network
from components.platform import StackPlatform
from components.settings import (
    DatabaseSettings,
    FunctionsSettings,
    NetworkSettings,
    ProcessingSettings,
    QueueSettings,
    SecretsSettings,
    StackSettings,
    StorageSettings,
)
from components.storage import PayloadBucket, PayloadBucketArgs
from components.stores import Stores
from tests.support.pulumi_recorder import PROJECT, STACK, Recorded, Recorder

REPOSITORY = Path(__file__).parents[2]
ACCOUNT_ID = "123456789012"
SECRET = "made-up-secret"

SECRET_LOOKUPS = {
    "aws:secretsmanager/getRandomPassword:getRandomPassword": {"randomPassword": SECRET},
    "aws:secretsmanager/getSecretVersion:getSecretVersion": {
        "secretString": json.dumps({"username": "fluxa_admin", "password": SECRET})
    },
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


def a_platform(**changes: Any) -> StackPlatform:
    """Only inside `deploy`."""
    values: dict[str, Any] = {
        "naming": a_naming(),
        "bundles": NamedBundles(),
        "functions": FunctionsSettings(),
        "account": _account_asked_before(),
        "key": None,
        "logs": LogKeeping(retention_days=14),
        "log_level": "INFO",
        "tracing": False,
        "fluxa_version": "1.2.3",
        "settings_fingerprint": "abc",
    }
    return StackPlatform(**values | changes)


def an_account() -> Account:
    """Only inside `deploy`."""
    return dataclasses.replace(_account_asked_before(), provider=aws.Provider("aws", region="eu-central-1"))


def _account_asked_before() -> Account:
    """The answers of an account, without the provider that asked."""
    return Account(
        provider=cast("aws.Provider", None),
        account_id=pulumi.Output.from_input(ACCOUNT_ID),
        region="eu-central-1",
        zones=pulumi.Output.from_input(["zone-a", "zone-b", "zone-c"]),
    )


def a_key() -> StackKey:
    """Only inside `deploy`."""
    args = StackKeyArgs(account=_account_asked_before(), naming=a_naming(), protect=False)
    return StackKey("encryption", args)


def a_queue(
    settings: QueueSettings = QueueSettings(),  # noqa: B008 - frozen
    *,
    platform: StackPlatform | None = None,
    **consumer: Any,
) -> EventQueue:
    """Only inside `deploy`."""
    args = EventQueueArgs(settings=settings, consumer=ProcessingSettings(**consumer), platform=platform or a_platform())
    return EventQueue("events", args)


def a_bucket(
    *, retention_days: int | None = None, platform: StackPlatform | None = None, **settings: Any
) -> PayloadBucket:
    """Only inside `deploy`."""
    args = PayloadBucketArgs(
        settings=StorageSettings(**settings), retention_days=retention_days, platform=platform or a_platform()
    )
    return PayloadBucket("payloads", args)


def a_network(*, proxy: bool = False, **settings: Any) -> Network:
    """Only inside `deploy`."""
    queue, payloads = a_queue(), a_bucket()
    args = NetworkArgs(
        settings=NetworkSettings(**settings),
        platform=a_platform(),
        proxy=proxy,
        bucket_statements=payloads.inside_statements(),
        interface_statements={"sqs": queue.inside_statements()},
    )
    return create_network("network", args)


def a_database(
    network: Network,
    *,
    secrets: SecretsSettings = SecretsSettings(),  # noqa: B008 - frozen
    platform: StackPlatform | None = None,
    **settings: Any,
) -> EventDatabase:
    """Only inside `deploy`, with `SECRET_LOOKUPS`."""
    args = EventDatabaseArgs(
        settings=DatabaseSettings(**settings), secrets=secrets, platform=platform or a_platform(), network=network
    )
    return EventDatabase("database", args)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What functions are built among."""

    account: Account
    queue: EventQueue
    payloads: PayloadBucket
    network: Network
    database: EventDatabase

    @property
    def stores(self) -> Stores:
        return Stores(queue=self.queue, payloads=self.payloads, database=self.database)


def surroundings(
    settings: StackSettings = StackSettings(),  # noqa: B008 - frozen
    platform: StackPlatform | None = None,
) -> Surroundings:
    """Only inside `deploy`, with `SECRET_LOOKUPS`."""
    account = an_account()
    platform = platform or a_platform(account=account)
    network = create_network(
        "network", NetworkArgs(settings=settings.network, platform=platform, proxy=settings.database.proxy)
    )
    database_args = EventDatabaseArgs(
        settings=settings.database, secrets=settings.secrets, platform=platform, network=network
    )
    return Surroundings(
        account=account,
        queue=a_queue(settings.queue, platform=platform, **settings.processing.model_dump()),
        payloads=a_bucket(platform=platform, **settings.storage.model_dump()),
        network=network,
        database=EventDatabase("database", database_args),
    )


def statements_of(recorder: Recorder, policy: str) -> list[dict[str, Any]]:
    """Return the statements of a function's policy, by its logical name."""
    return json.loads(recorder.one("aws:iam/rolePolicy:RolePolicy", policy).inputs["policy"])["Statement"]


def document_of(resource: Recorded, key: str = "policy") -> dict[str, Any]:
    """Return one of a resource's inputs that is a JSON document."""
    return json.loads(resource.inputs[key])


def stack_file(stack: str) -> dict[str, Any]:
    """Return the configuration of a real stack file, as written."""
    return yaml.safe_load((REPOSITORY / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
