"""StackKey: the one key of a stack's own, for whatever its settings say is encrypted with `kms`."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import kms

from components.account import Account
from components.naming import Naming
from components.policy import PolicyStatement, policy_json

_KEY_DELETION_DAYS = 30
"""KMS's longest, and the time in which a mistake can be taken back."""
_ITS_KEY = "In a key's policy `*` is that key."
_ADMINISTRATION = (
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
    "kms:CreateAlias",
    "kms:UpdateAlias",
    "kms:DeleteAlias",
)
_USE = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    # RDS, Lambda and others hold the key by a grant that whoever creates the resource makes.
    "kms:CreateGrant",
    "kms:ListGrants",
    "kms:RevokeGrant",
)
_PUBLISHERS = ("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")
"""Who writes to encrypted topics: alarms, and RDS's events."""


@dataclass(frozen=True, kw_only=True)
class StackKeyArgs:
    """What the key depends on."""

    account: Account
    naming: Naming
    protect: bool
    """Refuse to destroy it: what it encrypted cannot be read without it."""


class StackKey(pulumi.ComponentResource):
    """A symmetric KMS key that AWS rotates every year. Who may use it, IAM policies say; services are named here."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: StackKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:encryption:StackKey", name, None, opts)
        self._region = args.account.region
        key = kms.Key(
            f"{name}-key",
            description=f"Encrypts what stack {args.naming.stack} keeps",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=_key_policy(args.account),
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        kms.Alias(
            f"{name}-alias",
            name=f"alias/{args.naming.project}-{args.naming.stack}",
            target_key_id=key.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})

    def read_statement(self, service: str) -> PolicyStatement:
        """Offer decrypting, through one AWS service only, e.g. `s3`."""
        return self._through(service, "kms:Decrypt")

    def write_statement(self, service: str) -> PolicyStatement:
        """Offer encrypting, through one AWS service only. SQS and S3 check what they wrote, which is decrypting."""
        return self._through(service, "kms:Decrypt", "kms:GenerateDataKey")

    def _through(self, service: str, *actions: str) -> PolicyStatement:
        return PolicyStatement(
            actions=actions,
            resources=(self.arn,),
            conditions={"StringEquals": {"kms:ViaService": f"{service}.{self._region}.amazonaws.com"}},
        )


def _key_policy(account: Account) -> pulumi.Output[str]:
    of_this_account = {"StringEquals": {"aws:SourceAccount": account.account_id}}
    logs = pulumi.Output.concat("arn:aws:logs:", account.region, ":", account.account_id, ":log-group:*")
    return policy_json(
        [
            PolicyStatement(
                actions=(*_ADMINISTRATION, *_USE),
                resources=("*",),
                reason=_ITS_KEY,
                # The account, that is: whoever an IAM policy of it allows.
                principals={"AWS": account.account_id},
            ),
            PolicyStatement(
                actions=("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"),
                resources=("*",),
                reason=_ITS_KEY,
                principals={"Service": f"logs.{account.region}.amazonaws.com"},
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
            ),
            *(
                PolicyStatement(
                    actions=("kms:Decrypt", "kms:GenerateDataKey"),
                    resources=("*",),
                    reason=_ITS_KEY,
                    principals={"Service": publisher},
                    conditions=of_this_account,
                )
                for publisher in _PUBLISHERS
            ),
        ]
    )
