"""PayloadBucket: where payloads travel and stay that are too large for a queue message."""

from dataclasses import dataclass, replace

import pulumi
from pulumi_aws import s3

from components.bucket_access_log import BucketAccessLog, BucketAccessLogArgs
from components.platform import StackPlatform
from components.policy import PolicyStatement
from components.private_bucket import ABANDONED_UPLOAD_DAYS, keep_private
from components.settings import StorageSettings
from functions.common.names import PAYLOAD_PREFIX, UPLOAD_PREFIX

_OLD_VERSION_DAYS = 30
"""How long a payload that was deleted by mistake, or has expired, can be brought back."""

_UPLOAD_DAYS = 1
"""S3's shortest, and by its clock: it looks once a day. What an event was made of is then a payload of its own."""

_LONGEST_MONTH_DAYS = 31
"""Events leave by whole months: an event of a month's first day stays until the month's last is old enough."""
_LATE_RETENTION_DAYS = 7
"""For how long the daily run that removes events may fail before payloads begin to go ahead of their events."""


@dataclass(frozen=True, kw_only=True)
class PayloadBucketArgs:
    """What the bucket depends on."""

    settings: StorageSettings
    retention_days: int | None
    """How long events are kept, whose payloads these are; none for ever."""
    platform: StackPlatform


class PayloadBucket(pulumi.ComponentResource):
    """A private, encrypted bucket. Objects are written once and never changed."""

    name: pulumi.Output[str]
    """The bucket's name."""
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: PayloadBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:storage:PayloadBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        self._key = args.platform.key_for(settings.encryption)
        self._bucket = s3.Bucket(
            f"{name}-bucket",
            force_destroy=not settings.deletion_protection,
            opts=pulumi.ResourceOptions(parent=self, protect=settings.deletion_protection),
        )
        self.name = self._bucket.bucket
        self.arn = self._bucket.arn
        keep_private(name, self._bucket, parent=self, key=self._key)
        versioning = s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration={"status": "Enabled" if settings.versioning else "Suspended"},
            opts=child,
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=_lifecycle_rules(settings, args.retention_days),
            # Rules about old versions are refused on a bucket that has none yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        if settings.access_logs:
            BucketAccessLog(
                f"{name}-access",
                BucketAccessLogArgs(
                    source=self._bucket, deletion_protection=settings.deletion_protection, platform=args.platform
                ),
                child,
            )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def write_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer writing payloads."""
        encrypting = () if self._key is None else (self._key.write_statement("s3"),)
        return (PolicyStatement(actions=("s3:PutObject",), resources=(self._payloads(),)), *encrypting)

    def read_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer reading payloads."""
        decrypting = () if self._key is None else (self._key.read_statement("s3"),)
        return (self._reading(), *decrypting)

    def upload_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer letting clients upload, and copying what they did; the copy itself is `write_statements`.

        A signed URL carries the rights of who signs it. The list is of uploads only: the keys of payloads tell events.
        """
        return (
            PolicyStatement(actions=("s3:PutObject", "s3:GetObject"), resources=(self._objects(UPLOAD_PREFIX),)),
            self._listing_of(UPLOAD_PREFIX),
        )

    def find_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer being told that a payload does not exist: whoever may not list is refused instead, without a reason."""
        return (self._listing(),)

    def list_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer listing payloads, and nothing else that the bucket may hold."""
        return (self._listing_of(PAYLOAD_PREFIX),)

    def remove_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer removing payloads: in a bucket with versions, hiding them until their time is over."""
        return (self._removing(),)

    def erase_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer deleting payloads for good, old versions and all."""
        versions = PolicyStatement(
            actions=("s3:ListBucketVersions",),
            resources=(self.arn,),
            conditions={"StringLike": {"s3:prefix": f"{PAYLOAD_PREFIX}*"}},
        )
        # By S3's manual the first is needed whatever is deleted.
        deleting = PolicyStatement(actions=("s3:DeleteObject", "s3:DeleteObjectVersion"), resources=(self._payloads(),))
        return (versions, deleting)

    def inside_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer what functions inside the network may do, for the endpoint they do it through.

        Nothing of KMS: S3 asks it itself, from elsewhere.
        """
        return (self._reading(), self._listing(), *self.erase_statements())

    def _reading(self) -> PolicyStatement:
        return PolicyStatement(actions=("s3:GetObject",), resources=(self._payloads(),))

    def _listing(self) -> PolicyStatement:
        return PolicyStatement(actions=("s3:ListBucket",), resources=(self.arn,))

    def _listing_of(self, prefix: str) -> PolicyStatement:
        return replace(self._listing(), conditions={"StringLike": {"s3:prefix": f"{prefix}*"}})

    def _removing(self) -> PolicyStatement:
        return PolicyStatement(actions=("s3:DeleteObject",), resources=(self._payloads(),))

    def _payloads(self) -> pulumi.Output[str]:
        return self._objects(PAYLOAD_PREFIX)

    def _objects(self, prefix: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(self.arn, "/", prefix, "*")


def _lifecycle_rules(
    settings: StorageSettings, retention_days: int | None
) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    payloads = s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=PAYLOAD_PREFIX)
    rules = [
        s3.BucketLifecycleConfigurationRuleArgs(
            id="leftovers",
            status="Enabled",
            # Whatever its key: an empty filter takes in all there is.
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(),
            abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=ABANDONED_UPLOAD_DAYS
            ),
            # What remains of a payload that has expired, once its old version is gone as well.
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
            noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=_OLD_VERSION_DAYS
            ),
        ),
        s3.BucketLifecycleConfigurationRuleArgs(
            id="uploads",
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=UPLOAD_PREFIX),
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=_UPLOAD_DAYS),
            # Of two rules for old versions S3 takes the one by which they go earlier.
            noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=_UPLOAD_DAYS
            ),
        ),
    ]
    if settings.archive_after_days is not None:
        transition = s3.BucketLifecycleConfigurationRuleTransitionArgs(
            days=settings.archive_after_days, storage_class=settings.archive_class
        )
        rules.append(
            s3.BucketLifecycleConfigurationRuleArgs(
                id="archive", status="Enabled", filter=payloads, transitions=[transition]
            )
        )
    if retention_days is not None:
        rules.append(
            s3.BucketLifecycleConfigurationRuleArgs(
                id="expire",
                status="Enabled",
                filter=payloads,
                expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=_lifetime_days(retention_days)),
            )
        )
    return rules


def _lifetime_days(retention_days: int) -> int:
    """Return for how long payloads stay, so that none goes before its event."""
    return retention_days + _LONGEST_MONTH_DAYS + _LATE_RETENTION_DAYS
