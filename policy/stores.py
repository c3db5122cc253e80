"""Buckets, keys, topics and log groups: what keeps or carries data."""

from collections.abc import Iterator

from policy.model import Resource, Stack, listed
from policy.rule import Rule
from policy.tokens import BUCKET, BUCKET_POLICY, KEY, LOG_GROUP, TOPIC, TOPIC_POLICY
from policy.transport import allowing, missing_tls_policy

_ROOT = ":root"


def _bucket_refuses_plain_text(bucket: Resource, stack: Stack) -> list[str]:
    return missing_tls_policy(bucket, stack, BUCKET_POLICY, "bucket")


def _topic_refuses_plain_text(topic: Resource, stack: Stack) -> list[str]:
    return missing_tls_policy(topic, stack, TOPIC_POLICY, "arn")


def _topic_has_a_key_of_ours(topic: Resource, _: Stack) -> Iterator[str]:
    if topic.value("kmsMasterKeyId", default="") in {"", "alias/aws/sns"}:
        yield "cannot be encrypted and reached by alarms with AWS's own key: set kmsMasterKeyId to a key of the stack"


def _key_rotates(key: Resource, _: Stack) -> Iterator[str]:
    if not key.value("enableKeyRotation", default=False):
        yield "keeps its material for ever: set enableKeyRotation to true"


def _key_is_for_somebody(key: Resource, _: Stack) -> Iterator[str]:
    statements = allowing(key.statements())
    if not statements:
        yield "leaves who may use it to AWS's default: set policy"
    for statement in statements:
        principal = statement.get("Principal")
        names = listed(principal.get("AWS")) if isinstance(principal, dict) else listed(principal)
        if "*" in names and not statement.get("Condition"):
            yield "may be used by anybody: name the Principal, or add a Condition"
        if any(_ROOT not in str(name) for name in names) and "kms:*" in listed(statement.get("Action")):
            yield "may be used for everything by a principal that is not the account: name the actions"


def _is_not_kept_for_ever(group: Resource, _: Stack) -> Iterator[str]:
    if not group.value("retentionInDays", 0):
        yield "keeps everything for ever: set retentionInDays"


RULES = (
    Rule(
        id="bucket-tls-only",
        title="Buckets refuse requests without TLS",
        why="S3 accepts plain HTTP by default.",
        types=frozenset({BUCKET}),
        check=_bucket_refuses_plain_text,
    ),
    Rule(
        id="topic-tls-only",
        title="Topics refuse requests without TLS",
        why="SNS accepts plain HTTP by default.",
        types=frozenset({TOPIC}),
        check=_topic_refuses_plain_text,
    ),
    Rule(
        id="topic-own-key",
        title="Topics of alarms are encrypted with a key of the stack",
        why="CloudWatch may not use AWS's own key for SNS, so its alarms would be lost without a word.",
        types=frozenset({TOPIC}),
        check=_topic_has_a_key_of_ours,
    ),
    Rule(
        id="key-rotates",
        title="Keys rotate",
        why="What one generation of a key has encrypted stays bounded.",
        types=frozenset({KEY}),
        check=_key_rotates,
    ),
    Rule(
        id="key-policy-narrow",
        title="A key's policy says who may use it for what",
        why="The policy is the only thing between the key and the whole account.",
        types=frozenset({KEY}),
        check=_key_is_for_somebody,
    ),
    Rule(
        id="log-retention",
        title="Log groups have a retention",
        why="CloudWatch keeps logs for ever by default, and bills for them.",
        types=frozenset({LOG_GROUP}),
        check=_is_not_kept_for_ever,
    ),
)
