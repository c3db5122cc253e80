"""What every SQS queue of a stack has in common: encryption, long polling, and no call without TLS."""

import pulumi
from pulumi_aws import sqs

from components.encryption import StackKey
from components.policy import policy_json, tls_only

_LONG_POLL_SECONDS = 20
"""SQS's longest. Its default is 0, by which empty answers are billed all day."""

_MAX_MESSAGE_BYTES = 1_048_576
"""SQS's limit, written out because its default has changed before."""

_KEY_REUSE_SECONDS = 300
"""How long SQS works with one data key before it asks KMS, which bills each question, for another; its default."""

_SECONDS_PER_DAY = 86_400


def create_queue(
    name: str,
    *,
    parent: pulumi.Resource,
    key: StackKey | None,
    retention_days: int,
    protect: bool = False,
    visibility_timeout_seconds: int | None = None,
    redrive_policy: pulumi.Output[str] | None = None,
) -> sqs.Queue:
    """Create a queue and its policy.

    Args:
        name: Logical name.
        parent: The component that the queue belongs to.
        key: Encrypts messages; SQS's own key when none.
        retention_days: How long a message stays.
        protect: Refuse to destroy it.
        visibility_timeout_seconds: How long a message that was handed out stays hidden.
        redrive_policy: Where SQS moves messages that were handed out too often.
    """
    queue = sqs.Queue(
        name,
        visibility_timeout_seconds=visibility_timeout_seconds,
        message_retention_seconds=retention_days * _SECONDS_PER_DAY,
        receive_wait_time_seconds=_LONG_POLL_SECONDS,
        max_message_size=_MAX_MESSAGE_BYTES,
        # Either, not both: SQS refuses a queue with two keys.
        sqs_managed_sse_enabled=True if key is None else None,
        kms_master_key_id=None if key is None else key.arn,
        kms_data_key_reuse_period_seconds=None if key is None else _KEY_REUSE_SECONDS,
        redrive_policy=redrive_policy,
        opts=pulumi.ResourceOptions(parent=parent, protect=protect),
    )
    sqs.QueuePolicy(
        f"{name}-policy",
        queue_url=queue.url,
        policy=policy_json([tls_only("sqs:*", queue.arn)]),
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return queue
