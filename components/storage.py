"""PayloadBucket: where payloads travel and stay that are too large for a queue message."""

from dataclasses import dataclass

import pulumi
from pulumi_aws import s3

from components.policy import PolicyStatement, policy_json, tls_only
from components.settings import StorageSettings
from functions.common.names import PAYLOAD_PREFIX

_ABANDONED_UPLOAD_DAYS = 7
"""Parts of uploads that never finished cost money and are seen by nobody."""
_OLD_VERSION_DAYS = 30
"""How long a payload that was deleted by mistake can be brought back."""


@dataclass(frozen=True, kw_only=True)
class PayloadBucketArgs:
    """What the bucket depends on."""

    settings: StorageSettings


class PayloadBucket(pulumi.ComponentResource):
    """A private, encrypted bucket. Objects are written once and never changed."""

    name: pulumi.Output[str]
    """The bucket's name."""
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: PayloadBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fluxa:storage:PayloadBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        self._bucket = s3.Bucket(
            f"{name}-bucket",
            force_destroy=not settings.deletion_protection,
            opts=pulumi.ResourceOptions(parent=self, protect=settings.deletion_protection),
        )
        self.name = self._bucket.bucket
        self.arn = self._bucket.arn
        self._keep_private(name, child)
        versioning = s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration={"status": "Enabled" if settings.versioning else "Suspended"},
            opts=child,
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=_lifecycle_rules(settings),
            # Rules about old versions are refused on a bucket that has none yet.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def write_statement(self) -> PolicyStatement:
        """Offer writing payloads."""
        return PolicyStatement(actions=("s3:PutObject",), resources=(self._payloads(),))

    def read_statement(self) -> PolicyStatement:
        """Offer reading payloads."""
        return PolicyStatement(actions=("s3:GetObject",), resources=(self._payloads(),))

    def find_statement(self) -> PolicyStatement:
        """Offer being told that a payload does not exist: whoever may not list is refused instead, without a reason."""
        return PolicyStatement(actions=("s3:ListBucket",), resources=(self.arn,))

    def inside_statements(self) -> tuple[PolicyStatement, ...]:
        """Offer what functions inside the network may do, for the endpoint they do it through."""
        return (self.read_statement(), self.find_statement())

    def _payloads(self) -> pulumi.Output[str]:
        return pulumi.Output.concat(self.arn, "/", PAYLOAD_PREFIX, "*")

    def _keep_private(self, name: str, opts: pulumi.ResourceOptions) -> None:
        block = s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=opts,
        )
        s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=self.name, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
        )
        s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.name,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=opts,
        )
        s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.name,
            policy=policy_json([tls_only("s3:*", self.arn, pulumi.Output.concat(self.arn, "/*"))]),
            # S3 refuses two changes of a bucket's access at one time.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )


def _lifecycle_rules(settings: StorageSettings) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    payloads = s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=PAYLOAD_PREFIX)
    rules = [
        s3.BucketLifecycleConfigurationRuleArgs(
            id="leftovers",
            status="Enabled",
            filter=payloads,
            abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=_ABANDONED_UPLOAD_DAYS
            ),
            noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=_OLD_VERSION_DAYS
            ),
        )
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
    if settings.expire_after_days is not None:
        rules.append(
            s3.BucketLifecycleConfigurationRuleArgs(
                id="expire",
                status="Enabled",
                filter=payloads,
                expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=settings.expire_after_days),
            )
        )
    return rules
