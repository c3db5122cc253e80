"""AlarmChannel: how alarms, and what RDS has to say about the database, reach people by mail."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import rds, sns

from components.platform import StackPlatform
from components.policy import PolicyStatement, policy_json, tls_only

_PUBLISHERS = ("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")
"""Who may publish, and whom the stack's key lets encrypt what they publish."""

_DATABASE_EVENTS = (
    "availability",
    "configuration change",
    "failover",
    "failure",
    "low storage",
    "maintenance",
    "read replica",
    "recovery",
)
"""What no metric says: that the instance changed zones, is patched tonight, or has lost its replica.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
"""


@dataclass(frozen=True, kw_only=True)
class AlarmChannelArgs:
    """Who is told."""

    platform: StackPlatform
    email: Sequence[str]
    """Addresses, each of which has to confirm AWS's first mail."""
    database_instances: Sequence[pulumi.Input[str]]
    """Identifiers of the instances whose events are told too."""

    def __post_init__(self) -> None:
        if not self.email:
            raise ValueError("a channel without an address tells nobody")


class AlarmChannel(pulumi.ComponentResource):
    """An encrypted topic that CloudWatch's alarms and RDS's events may publish to, and its subscribers."""

    topic_arn: pulumi.Output[str]
    """What alarms are told to publish to."""

    def __init__(self, name: str, args: AlarmChannelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:notifications:AlarmChannel", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = self._create_topic(name, args)
        policy = sns.TopicPolicy(
            f"{name}-topic-policy",
            arn=topic.arn,
            policy=_topic_policy(topic.arn, args.platform.account.account_id),
            opts=child,
        )
        for index, address in enumerate(args.email):
            sns.TopicSubscription(
                f"{name}-email-{index}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        rds.EventSubscription(
            f"{name}-database-events",
            sns_topic=topic.arn,
            source_type="db-instance",
            source_ids=list(args.database_instances),
            event_categories=list(_DATABASE_EVENTS),
            # RDS tries the topic when it is told of it, and refuses one that it may not publish to.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})

    def _create_topic(self, name: str, args: AlarmChannelArgs) -> sns.Topic:
        key = args.platform.key
        if key is None:
            # AWS's key for SNS cannot be opened to CloudWatch, whose alarms would then be lost silently.
            # https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
            raise ValueError("an alarm topic needs the stack's own key")
        return sns.Topic(f"{name}-topic", kms_master_key_id=key.arn, opts=pulumi.ResourceOptions(parent=self))


def _topic_policy(topic_arn: pulumi.Output[str], account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    publishers = (
        PolicyStatement(
            actions=("sns:Publish",),
            resources=(topic_arn,),
            principals={"Service": publisher},
            conditions={"StringEquals": {"aws:SourceAccount": account_id}},
        )
        for publisher in _PUBLISHERS
    )
    return policy_json([*publishers, tls_only("sns:Publish", topic_arn)])
