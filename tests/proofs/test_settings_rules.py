"""Random stacks: what is accepted keeps every promise, and what breaks one is refused by a sentence with both its keys.

The promises are written down here a second time, on purpose: as plain statements about the file, not as the rules that
the settings are made of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.settings import InvalidSettings, StackSettings, parse_settings
from components.settings.connections import max_connections

CHUNKS, EXAMPLES = 5, 2_000
"""Ten thousand stacks, in parts that workers can share."""

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/abc"

ABSENT, OFF = [None] * 6, [False] * 6
"""Said often, so that a section is seldom refused for itself: what sections must agree on comes after that."""

VALUES: dict[str, dict[str, list[Any]]] = {
    "api": {
        "auth": ["api_key", "iam", "none"],
        "quota_per_day": [*ABSENT, 1_000],
        "access_logs": [True, False],
        "manage_logging_role": [*OFF, True],
        "domain_name": [*ABSENT, "events.example.com"],
        "certificate_arn": [*ABSENT, CERTIFICATE],
        "hosted_zone_id": [*ABSENT, "Z0123456789"],
    },
    "ingest": {"max_concurrency": [None, 5, 50], "provisioned_concurrency": [0, 5, 5, 20]},
    "queue": {"retention_days": [1, 4, 13], "dead_letter_retention_days": [2, 5, 14, 14, 14]},
    "processing": {
        "max_concurrency": [2, 10, 33, 400, 1_000],
        "reserved_concurrency": [*ABSENT, 10, 500, 1_000],
        "provisioned_concurrency": [0, 0, 2, 20],
    },
    "query": {"max_concurrency": [1, 20, 53, 700], "provisioned_concurrency": [0, 2]},
    "storage": {"archive_after_days": [None, 10, 25, 26, 30, 365]},
    "database": {
        "instance_class": ["db.t4g.micro", "db.t4g.medium", "db.m7g.large"],
        "multi_az": [False, True],
        "backup_retention_days": [0, 1, 7, 14],
        "deletion_protection": [True, False, False],
        "require_tls": [True, True, False],
        "proxy": [False, True],
        "read_replica": [False, True],
        "retention_days": [None, 25, 26, 31, 366],
    },
    "network": {
        "mode": ["vpc", "public"],
        "availability_zones": [1, 2, 3],
        "egress": ["endpoints", "nat"],
        "allowed_cidrs": [[], [], ["203.0.113.0/24"]],
    },
    "secrets": {"backend": ["ssm", "secretsmanager", "iam"]},
}

STACKS = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in keys.items()})
        for name, keys in VALUES.items()
    }
)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What holds for every stack that is accepted."""

    keys: tuple[str, ...]
    """Named in the sentence that refuses a stack which breaks it."""
    holds: Callable[[Callable[[str], Any]], bool]


def lifetime(of: Callable[[str], Any]) -> int:
    return of("queue.retention_days") + of("queue.dead_letter_retention_days") + 7


def fits(of: Callable[[str], Any], *keys: str) -> bool:
    return not keys or sum(map(of, keys)) + 10 <= int(0.8 * max_connections(of("database.instance_class")))


def within(provisioned: str, limit: str) -> Promise:
    return Promise(keys=(provisioned, limit), holds=lambda of: of(limit) is None or of(provisioned) <= of(limit))


def only_with(key: str, value: Any, other: str, allowed: Callable[[Any], bool]) -> Promise:
    return Promise(keys=(key, other), holds=lambda of: of(key) != value or allowed(of(other)))


def without(key: str, other: str) -> Promise:
    return Promise(keys=(key, other), holds=lambda of: of(key) is None or of(other) is not None)


WITHIN_A_SECTION = {
    "api": (
        only_with("api.manage_logging_role", True, "api.access_logs", bool),
        without("api.domain_name", "api.certificate_arn"),
        without("api.certificate_arn", "api.domain_name"),
        without("api.hosted_zone_id", "api.domain_name"),
        Promise(
            keys=("api.quota_per_day", "api.auth"),
            holds=lambda of: of("api.quota_per_day") is None or of("api.auth") == "api_key",
        ),
    ),
    "ingest": (within("ingest.provisioned_concurrency", "ingest.max_concurrency"),),
    "queue": (
        Promise(
            keys=("queue.dead_letter_retention_days", "queue.retention_days"),
            holds=lambda of: of("queue.dead_letter_retention_days") > of("queue.retention_days"),
        ),
    ),
    "processing": (
        within("processing.max_concurrency", "processing.reserved_concurrency"),
        within("processing.provisioned_concurrency", "processing.max_concurrency"),
    ),
    "query": (within("query.provisioned_concurrency", "query.max_concurrency"),),
    "database": (only_with("database.read_replica", True, "database.backup_retention_days", lambda days: days > 0),),
    "network": (only_with("network.mode", "vpc", "network.allowed_cidrs", lambda cidrs: not cidrs),),
}
"""A section that breaks one of these is refused before it is compared with others."""

BETWEEN_SECTIONS = (
    Promise(
        keys=("storage.archive_after_days", "queue.retention_days", "queue.dead_letter_retention_days"),
        holds=lambda of: (of("storage.archive_after_days") or 1_000) > lifetime(of),
    ),
    Promise(
        keys=("database.retention_days", "queue.retention_days", "queue.dead_letter_retention_days"),
        holds=lambda of: (
            (of("database.retention_days") or 1_000) > lifetime(of)
            # One sentence about the queue at a time; payloads come first.
            or (of("storage.archive_after_days") or 1_000) <= lifetime(of)
        ),
    ),
    Promise(
        keys=("database.retention_days", "storage.archive_after_days"),
        holds=lambda of: (
            None in (of("database.retention_days"), of("storage.archive_after_days"))
            or of("database.retention_days") > of("storage.archive_after_days")
        ),
    ),
    Promise(
        keys=("processing.max_concurrency", "query.max_concurrency", "database.instance_class"),
        holds=lambda of: (
            of("database.proxy")
            or of("database.read_replica")
            or fits(of, "processing.max_concurrency", "query.max_concurrency")
        ),
    ),
    Promise(
        keys=("processing.max_concurrency", "database.instance_class"),
        holds=lambda of: (
            of("database.proxy") or not of("database.read_replica") or fits(of, "processing.max_concurrency")
        ),
    ),
    Promise(
        keys=("query.max_concurrency", "database.instance_class"),
        holds=lambda of: (
            not of("database.read_replica")
            or fits(of, "query.max_concurrency")
            # One sentence about connections at a time; the first instance comes first.
            or not (of("database.proxy") or fits(of, "processing.max_concurrency"))
        ),
    ),
    only_with("database.require_tls", False, "database.deletion_protection", lambda kept: not kept),
    only_with("database.multi_az", True, "network.availability_zones", lambda zones: zones > 1),
    Promise(
        keys=("database.proxy", "secrets.backend"),
        holds=lambda of: not of("database.proxy") or of("secrets.backend") != "ssm",
    ),
    only_with("secrets.backend", "iam", "database.require_tls", bool),
    only_with("api.auth", "none", "database.deletion_protection", lambda kept: not kept),
)

OF_A_PUBLIC_DATABASE = (
    only_with("network.mode", "public", "database.deletion_protection", lambda kept: not kept),
    only_with("network.mode", "public", "network.allowed_cidrs", bool),
    only_with("network.mode", "public", "database.require_tls", bool),
    only_with("network.mode", "public", "database.proxy", lambda proxy: not proxy),
    only_with("network.mode", "public", "database.read_replica", lambda replica: not replica),
    only_with("network.mode", "public", "network.egress", lambda egress: egress != "nat"),
)
"""Only the first broken one is named: there is one thing to decide, which is whether to be public."""

DEFAULTS = StackSettings().model_dump()


def broken(stack: dict[str, dict[str, Any]]) -> list[Promise]:
    """Return the promises that the refusal has to name."""

    def of(key: str) -> Any:
        section, _, name = key.partition(".")
        return stack[section].get(name, DEFAULTS[section][name])

    inside = [promise for promises in WITHIN_A_SECTION.values() for promise in promises if not promise.holds(of)]
    if inside:
        return inside
    public = [promise for promise in OF_A_PUBLIC_DATABASE if not promise.holds(of)][:1]
    return [*(promise for promise in BETWEEN_SECTIONS if not promise.holds(of)), *public]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_stack_is_accepted_exactly_when_it_keeps_every_promise(chunk):
    accepted = refused = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(STACKS)
    def judge(stack):
        nonlocal accepted, refused
        promises = broken(stack)
        if not promises:
            parse_settings(stack)
            accepted += 1
            return
        with pytest.raises(InvalidSettings, match=r"^(These settings have to change:|fluxa:)") as caught:
            parse_settings(stack)
        sentences = str(caught.value).splitlines()
        for promise in promises:
            assert any(all(key in sentence for key in promise.keys) for sentence in sentences), (
                promise.keys,
                sentences,
            )
        refused += 1

    judge()

    # Neither side may be so rare that it proves nothing.
    assert min(accepted, refused) > EXAMPLES // 100, (accepted, refused)


def test_the_random_stacks_break_every_promise_now_and_then():
    """A promise that no stack breaks is one that nothing checks."""
    seen: set[tuple[str, ...]] = set()

    # The same stacks each time: what is rare is then either there or not.
    @settings(
        max_examples=2 * EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(STACKS)
    def look(stack):
        seen.update(promise.keys for promise in broken(stack))

    look()

    every = [*BETWEEN_SECTIONS, *OF_A_PUBLIC_DATABASE, *(p for group in WITHIN_A_SECTION.values() for p in group)]
    assert set() == {promise.keys for promise in every} - seen
