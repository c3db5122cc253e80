"""Every toggle with every other: stacks in which each pair meets, and what is proven of all of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fluxa.local.engine import Secret
from fluxa.plan.findings import judged, policy_stack
from policy import RULES
from tests.proofs.stacks import NAMES, settings
from tests.support.pairwise import pairs_of, pairs_of_parameters
from tests.support.provider_schema import schema_faults
from tests.support.stack_builders import SECRET
from tests.support.toggles import LEAST_STACKS, TOGGLES, combinations

pytestmark = pytest.mark.timeout(600)

REFUSED = {
    ("api.auth=iam", "api.quota=100000"),
    ("api.auth=none", "api.quota=100000"),
    ("api.auth=none", "protection=kept"),
    ("api.access_logs=False", "api.logging_role=True"),
    ("database.backups=0", "database.read_replica=True"),
    ("database.multi_az=True", "network.zones=1"),
    ("database.proxy=True", "network=public"),
    ("database.proxy=True", "secrets.backend=ssm"),
    ("database.read_replica=True", "network=public"),
    ("database.require_tls=False", "network=public"),
    ("database.require_tls=False", "protection=kept"),
    ("database.require_tls=False", "secrets.backend=iam"),
    ("network=public", "protection=kept"),
}
"""Pairs that settings refuse, whatever else is set."""

REPLACEABLE = {"database-replica", "maintenance-failed-runs-queue"}
"""Stores of which nothing is lost: a copy, and messages about runs that come again."""


def test_every_pair_of_values_is_in_some_stack_unless_settings_refuse_it():
    possible = set(pairs_of_parameters({toggle: tuple(values) for toggle, values in TOGGLES.items()}))
    held = {pair for row in combinations().rows for pair in pairs_of(row)}

    assert REFUSED == {tuple(sorted(f"{toggle}={value}" for toggle, value in pair)) for pair in possible - held}
    assert len(combinations().rows) >= LEAST_STACKS


@pytest.mark.parametrize("name", NAMES)
def test_the_provider_takes_every_input(stacks, name):
    custom = [item for item in stacks[name].registrations if item.custom]

    assert [] == [f"{item.name}: {fault}" for item in custom for fault in schema_faults(item.type, item.inputs)]
    assert [] == [line for line in stacks[name].logs if "deprecated" in line]


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_finds_nothing_and_can_judge_everything(stacks, name):
    verdict = judged(stacks[name])

    assert [] == [f"{item.urn.rpartition('::')[2]} {item.sentence} ({item.rule})" for item in verdict.findings]
    assert () == verdict.undecided


def test_every_rule_of_the_policy_has_something_to_judge(stacks):
    everything = [item for recording in stacks.all().values() for item in policy_stack(recording).resources]

    assert [] == [rule.id for rule in RULES if not any(rule.concerns(item) for item in everything)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_protected_and_what_may_go_is_not(stacks, name):
    values = settings(name)
    kept = {
        "aws:rds/instance:Instance": values.database.deletion_protection,
        "aws:s3/bucket:Bucket": values.storage.deletion_protection,
        "aws:sqs/queue:Queue": values.queue.deletion_protection,
    }

    stores = [item for item in stacks[name].registrations if item.type in kept and item.name not in REPLACEABLE]
    assert [] == [item.name for item in stores if item.protect != kept[item.type]]


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_is_anywhere_in_plain_sight(stacks, name):
    recording = stacks[name]
    exported = {key: value for key, value in recording.outputs.items() if key not in recording.secret_outputs}

    told = {item.urn: plain_texts(item.marked_inputs) for item in recording.registrations}
    told |= {"stack outputs": plain_texts(exported), "log": plain_texts(recording.logs)}
    assert [] == [where for where, texts in told.items() if any(SECRET in text for text in texts)]


def test_the_secret_that_is_looked_for_is_there_to_be_found(stacks):
    inputs = [item.inputs for recording in stacks.all().values() for item in recording.registrations]

    assert len([values for values in inputs if any(SECRET in text for text in plain_texts(values))]) > len(NAMES)


def plain_texts(value: Any) -> Iterator[str]:
    """Yield every text that is not inside a secret."""
    if isinstance(value, Secret):
        return
    if isinstance(value, Mapping):
        for item in value.values():
            yield from plain_texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from plain_texts(item)
    elif isinstance(value, str):
        yield value
