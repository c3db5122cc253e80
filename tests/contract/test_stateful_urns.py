"""Stateful resources keep their URNs: a new one would have Pulumi replace what holds the data.

Whoever renames or moves a component gives the resource an alias with its old URN; the list below never loses a line.
"""

import pytest

from fluxa.local.engine import Registration
from tests.support.whole_stack import recorded

FROZEN = {
    "fluxa:storage:PayloadBucket$aws:s3/bucket:Bucket::payloads-bucket",
    "fluxa:messaging:EventQueue$aws:sqs/queue:Queue::events-main",
    "fluxa:messaging:EventQueue$aws:sqs/queue:Queue::events-dead-letters",
    "fluxa:database:EventDatabase$aws:rds/instance:Instance::database-instance",
    "fluxa:network:PrivateNetwork$aws:ec2/vpc:Vpc::network-vpc",
    "fluxa:encryption:StackKey$aws:kms/key:Key::encryption-key",
}
"""Type chain and name of everything that cannot be made again with its contents, or without what stands in it."""

STATEFUL = (
    "aws:s3/bucket:Bucket",
    "aws:sqs/queue:Queue",
    "aws:rds/instance:Instance",
    "aws:ec2/vpc:Vpc",
    "aws:kms/key:Key",
)

REBUILT_FROM_OTHERS = {"database-replica", "maintenance-failed-runs-queue", "payloads-access-bucket"}
"""Stateful by type, but nothing is lost with them."""


def identity(urn: str) -> str:
    """Return what is left of a URN without the stack and the project, which differ between deployments."""
    _, _, rest = urn.partition("::")
    return rest.partition("::")[2]


def known_as(registration: Registration) -> set[str]:
    aliases = {identity(str(alias["urn"])) for alias in registration.aliases if "urn" in alias}
    return {identity(registration.urn), *aliases}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_holds_data_is_found_again_under_the_urn_it_was_made_with(stack):
    names = {name for item in recorded(stack).registrations for name in known_as(item)}
    own_key = {line for line in FROZEN if "StackKey" in line}

    assert set() == FROZEN - names - (set() if stack == "prod" else own_key)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_whatever_holds_data_is_frozen(stack):
    stateful = [item for item in recorded(stack).registrations if item.type in STATEFUL]

    unlisted = [
        item.urn for item in stateful if item.name not in REBUILT_FROM_OTHERS and not known_as(item) & FROZEN
    ]
    assert [] == unlisted
