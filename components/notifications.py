"""AlarmChannel: how alarms reach people, by mail."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import kms, sns

from components.account import Account
from components.policy import PolicyStatement, policy_json, tls_only

_ALARMS_PRINCIPAL = "cloudwatch.amazonaws.com"
_KEY_DELETION_DAYS = 30
_KEY_ADMINISTRATION = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:EnableKeyRotation",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:DisableKey",
    "kms:UpdateKeyDescription",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
)


@dataclass(frozen=True, kw_only=True)
class AlarmChannelArgs:
    """Who is told."""

    account: Account
    email: Sequence[str]
    """Addresses, each of which has to confirm AWS's first mail."""

    def __post_init__(self) -> None:
        if not self.email:
            raise ValueError("a channel without an address tells nobody")


class AlarmChannel(pulumi.ComponentResource):
    """An encrypted topic that CloudWatch alarms may publish to, and its subscribers."""

    topic_arn: pulumi.Output[str]
    """What alarms are told to publish to."""

    def __init__(self, name: str, args: AlarmChannelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:notifications:AlarmChannel", name, None, opts)
        self.topic_arn = self._create_topic(name, args).arn
        self.register_outputs({"topic_arn": self.topic_arn})

    def _create_topic(self, name: str, args: AlarmChannelArgs) -> sns.Topic:
        child = pulumi.ResourceOptions(parent=self)
        # A key of our own: AWS's key for SNS cannot be opened to CloudWatch, whose alarms would then be lost silently.
        # https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
        key = kms.Key(
            f"{name}-key",
            description="Encrypts alarm mails on their way",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=_key_policy(args.account.account_id),
            opts=child,
        )
        topic = sns.Topic(f"{name}-topic", kms_master_key_id=key.arn, opts=child)
        sns.TopicPolicy(
            f"{name}-topic-policy", arn=topic.arn, policy=_topic_policy(topic.arn, args.account.account_id), opts=child
        )
        for index, address in enumerate(args.email):
            sns.TopicSubscription(
                f"{name}-email-{index}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        return topic


def _key_policy(account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    its_key = "In a key's policy `*` is that key."
    return policy_json(
        [
            PolicyStatement(
                actions=_KEY_ADMINISTRATION, resources=("*",), reason=its_key, principals={"AWS": account_id}
            ),
            PolicyStatement(
                actions=("kms:Decrypt", "kms:GenerateDataKey"),
                resources=("*",),
                reason=its_key,
                principals={"Service": _ALARMS_PRINCIPAL},
                conditions={"StringEquals": {"aws:SourceAccount": account_id}},
            ),
        ]
    )


def _topic_policy(topic_arn: pulumi.Output[str], account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    return policy_json(
        [
            PolicyStatement(
                actions=("sns:Publish",),
                resources=(topic_arn,),
                principals={"Service": _ALARMS_PRINCIPAL},
                conditions={"StringEquals": {"aws:SourceAccount": account_id}},
            ),
            tls_only("sns:Publish", topic_arn),
        ]
    )
