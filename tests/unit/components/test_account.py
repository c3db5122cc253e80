"""The account: one provider for everything, and the only look-ups."""

import json

import pulumi

from components.account import Account, open_account
from components.settings import StorageSettings
from components.storage import PayloadBucket, PayloadBucketArgs
from tests.support.pulumi_recorder import deploy
from tests.support.stack_builders import ALL_LOOKUPS, a_platform


def test_the_provider_is_told_its_region_and_what_every_resource_is_tagged_with():
    stack = deploy(lambda: open_account(region="eu-west-1", tags={"stack": "test"}), lookups=ALL_LOOKUPS)

    inputs = stack.one("pulumi:providers:aws").inputs
    assert "eu-west-1" == inputs["region"]
    assert {"tags": {"stack": "test"}} == json.loads(inputs["defaultTags"])


def test_components_and_their_children_use_the_provider():
    def program() -> None:
        account = open_account(region="eu-west-1", tags={})
        args = PayloadBucketArgs(settings=StorageSettings(), retention_days=None, platform=a_platform(account=account))
        PayloadBucket("payloads", args, account.options())

    stack = deploy(program, lookups=ALL_LOOKUPS)

    assert {"aws"} == {item.provider for item in stack.resources if item.type.startswith("aws:")}


def test_zones_come_in_an_order_that_does_not_change():
    seen: list[list[str]] = []

    def program() -> pulumi.Output[None]:
        account: Account = open_account(region="eu-west-1", tags={})
        return account.zones.apply(seen.append)

    deploy(program, lookups=ALL_LOOKUPS)

    assert [["zone-a", "zone-b", "zone-c"]] == seen
