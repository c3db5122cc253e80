"""BucketAccessLog: who read and wrote what in a bucket, kept in a bucket of its own."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import s3

from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.private_bucket import ABANDONED_UPLOAD_DAYS, keep_private

_LOGGING_PRINCIPAL = "logging.s3.amazonaws.com"
_PREFIX = "access/"


@dataclass(frozen=True, kw_only=True)
class BucketAccessLogArgs:
    """What the log depends on."""

    source: s3.Bucket
    """Whose requests are logged."""
    deletion_protection: bool
    platform: StackPlatform


class BucketAccessLog(pulumi.ComponentResource):
    """A private bucket that S3 alone writes to, about one other bucket, and that forgets like every log does.

    It has no versions, because what S3 writes is never written again; no log of its own, which would log itself for
    ever; and S3's key, because S3 delivers to no other.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """

    name: pulumi.Output[str]
    """The log bucket's name."""

    def __init__(self, name: str, args: BucketAccessLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:bucket_access_log:BucketAccessLog", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = s3.Bucket(
            f"{name}-bucket",
            force_destroy=not args.deletion_protection,
            opts=pulumi.ResourceOptions(parent=self, protect=args.deletion_protection),
        )
        policy = keep_private(name, bucket, parent=self, statements=[_delivery(bucket, args)])
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    # An empty filter takes in all there is.
                    "filter": {},
                    "expiration": {"days": args.platform.logs.retention_days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": ABANDONED_UPLOAD_DAYS},
                }
            ],
            opts=child,
        )
        s3.BucketLogging(
            f"{name}-delivery",
            bucket=args.source.bucket,
            target_bucket=bucket.bucket,
            target_prefix=_PREFIX,
            # S3 checks that it may write there before it agrees to.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.name = bucket.bucket
        self.register_outputs({"name": self.name})


def _delivery(bucket: s3.Bucket, args: BucketAccessLogArgs) -> PolicyStatement:
    """Let S3 write, on behalf of the one bucket of this account."""
    return PolicyStatement(
        actions=("s3:PutObject",),
        resources=(pulumi.Output.concat(bucket.arn, "/", _PREFIX, "*"),),
        principals={"Service": _LOGGING_PRINCIPAL},
        conditions={
            "ArnLike": {"aws:SourceArn": args.source.arn},
            "StringEquals": {"aws:SourceAccount": args.platform.account.account_id},
        },
    )
