"""Stateful resources keep their URNs: a new one would have Pulumi replace what holds the data.

Whoever renames or moves a component gives the resource an alias with its old URN; the list below never loses a line.
"""

import pytest

from fluxa.local.engine import run_program
from tests.support.identities import identities
from tests.support.pulumi_project import EchoProvider, a_project
from tests.support.whole_stack import recorded

FROZEN = {
    ("fluxa:storage:PayloadBucket$aws:s3/bucket:Bucket", "payloads-bucket"),
    ("fluxa:messaging:EventQueue$aws:sqs/queue:Queue", "events-main"),
    ("fluxa:messaging:EventQueue$aws:sqs/queue:Queue", "events-dead-letters"),
    ("fluxa:database:EventDatabase$aws:rds/instance:Instance", "database-instance"),
    ("fluxa:network:PrivateNetwork$aws:ec2/vpc:Vpc", "network-vpc"),
    ("fluxa:encryption:StackKey$aws:kms/key:Key", "encryption-key"),
}
"""Types and name of everything that cannot be made again with its contents, or without what stands in it."""

OF_PRODUCTION_ONLY = {("fluxa:encryption:StackKey$aws:kms/key:Key", "encryption-key")}

STATEFUL = {types.rpartition("$")[2] for types, _ in FROZEN}

REBUILT_FROM_OTHERS = {"database-replica", "maintenance-failed-runs-queue", "payloads-access-bucket"}
"""Stateful by type, but nothing is lost with them."""

A_COMPONENT = """
    import pulumi
    import pulumi_aws as aws

    class Store(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:store:Store", name, None, opts)
            self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self))

    AT_THE_TOP = pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)

    class Shop(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("shop:shop:Shop", name, None, opts)
"""
OLD = ("shop:store:Store$aws:sqs/queue:Queue", "orders-queue")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_holds_data_is_found_again_under_the_urn_it_was_made_with(stack):
    known = set().union(*identities(recorded(stack)).values())

    assert set() == FROZEN - known - (OF_PRODUCTION_ONLY if stack == "dev" else set())


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_whatever_holds_data_is_frozen(stack):
    known = identities(recorded(stack))
    stateful = [item for item in recorded(stack).registrations if item.type in STATEFUL]

    assert [] == [
        item.urn for item in stateful if item.name not in REBUILT_FROM_OTHERS and not known[item.urn] & FROZEN
    ]


@pytest.mark.parametrize(
    ("change", "is_found"),
    [
        ('Store("orders")', True),
        ('Store("purchases")', False),
        ('Store("purchases", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="orders")]))', True),
        ('Store("orders", pulumi.ResourceOptions(parent=Shop("shop")))', False),
        (
            'Store("orders", pulumi.ResourceOptions(parent=Shop("shop"), aliases=[AT_THE_TOP]))',
            True,
        ),
    ],
    ids=["as it was", "renamed", "renamed with an alias", "moved", "moved with an alias"],
)
def test_a_component_that_is_renamed_or_moved_keeps_what_is_in_it_by_an_alias(tmp_path, change, is_found):
    program = f"{A_COMPONENT}\n    {change}\n"

    recording = run_program(a_project(tmp_path, program), "dev", EchoProvider())

    assert is_found == (OLD in set().union(*identities(recording).values()))
