"""What every bucket of a stack has in common: nothing public, no ACLs, encryption, and no call without modern TLS."""

from collections.abc import Sequence

import pulumi
from pulumi_aws import s3

from components.encryption import StackKey
from components.policy import PolicyStatement, policy_json, tls_only

ABANDONED_UPLOAD_DAYS = 7
"""Parts of uploads that never finished cost money and are seen by nobody."""

_OLDEST_TLS = "1.2"


def keep_private(
    name: str,
    bucket: s3.Bucket,
    *,
    parent: pulumi.Resource,
    key: StackKey | None = None,
    statements: Sequence[PolicyStatement] = (),
) -> s3.BucketPolicy:
    """Close a bucket to everybody but its account, and return its policy, after which it may be used.

    Args:
        name: Of the component that the bucket belongs to.
        bucket: What to close.
        parent: That component.
        key: Encrypts objects; S3's own key when none.
        statements: What else its policy says.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    block = s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    s3.BucketOwnershipControls(
        f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=bucket.bucket, rules=[_encryption(key)], opts=opts
    )
    return s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        policy=policy_json([*_modern_tls_only(bucket), *statements]),
        # S3 refuses two changes of a bucket's access at one time.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[block]),
    )


def _encryption(key: StackKey | None) -> s3.BucketServerSideEncryptionConfigurationRuleArgs:
    default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs
    if key is None:
        return s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=default(sse_algorithm="AES256")
        )
    return s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default(sse_algorithm="aws:kms", kms_master_key_id=key.arn),
        # One question to KMS for many objects, where each would be billed.
        bucket_key_enabled=True,
    )


def _modern_tls_only(bucket: s3.Bucket) -> tuple[PolicyStatement, ...]:
    everything = (bucket.arn, pulumi.Output.concat(bucket.arn, "/*"))
    return (
        tls_only("s3:*", *everything),
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
        PolicyStatement(
            effect="Deny",
            actions=("s3:*",),
            resources=everything,
            principals={"AWS": "*"},
            conditions={"NumericLessThan": {"s3:TlsVersion": _OLDEST_TLS}},
        ),
    )
