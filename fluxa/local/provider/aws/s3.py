"""S3. Buckets and their objects outlive a deployment, so a bucket that exists is kept and configured anew."""

from fluxa.local.engine import Created
from fluxa.local.provider.inputs import Inputs
from fluxa.local.provider.policies import without_tls_rule
from fluxa.local.provider.registry import resource
from fluxa.local.provider.request import Request, document, existing

LONGEST_NAME = 63


@resource("aws:s3/bucket:Bucket", ignored={"forceDestroy": "objects go with the state folder, by `--reset`"})
def bucket(request: Request) -> Created:
    """Create a bucket; one from the last run loses the configuration that other resources are about to set."""
    s3 = request.client("s3")
    name = request.physical_name(longest=LONGEST_NAME, input_name="bucket")
    region = request.platform.emulator.region
    # us-east-1 is the one region that must not be named, and where creating one's own bucket again succeeds.
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    lock = bool(request.inputs.get("objectLockEnabled"))
    if not existing(
        lambda: s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock, **location), "BucketAlreadyOwnedByYou"
    ):
        s3.delete_bucket_policy(Bucket=name)
        s3.delete_bucket_lifecycle(Bucket=name)
        s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={})
    if request.tags():
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": request.tag_list()})
    return Created(
        id=name,
        outputs={
            "bucket": name,
            "arn": request.arn("s3", name, regional=False, with_account=False),
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "bucketRegion": region,
            "tagsAll": request.tags(),
        },
    )


@resource("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", ignored={"skipDestroy": "nothing is destroyed"})
def public_access_block(request: Request) -> Created:
    """Forbid public access."""
    name = request.inputs.require("bucket")
    rules = request.inputs.renamed(
        {
            "blockPublicAcls": "BlockPublicAcls",
            "blockPublicPolicy": "BlockPublicPolicy",
            "ignorePublicAcls": "IgnorePublicAcls",
            "restrictPublicBuckets": "RestrictPublicBuckets",
        }
    )
    request.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=rules)
    return Created(id=name)


@resource("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
def ownership_controls(request: Request) -> Created:
    """Decide who owns uploaded objects."""
    name = request.inputs.require("bucket")
    ownership = request.inputs.section("rule").require("objectOwnership")
    request.client("s3").put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]}
    )
    return Created(id=name)


@resource("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
def encryption(request: Request) -> Created:
    """Choose how objects are encrypted."""
    name = request.inputs.require("bucket")
    rules = []
    for rule in request.inputs.sections("rules"):
        default = rule.section("applyServerSideEncryptionByDefault").renamed(
            {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
        )
        rules.append(
            {"ApplyServerSideEncryptionByDefault": default} | rule.renamed({"bucketKeyEnabled": "BucketKeyEnabled"})
        )
    request.client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    return Created(id=name)


@resource("aws:s3/bucketVersioning:BucketVersioning")
def versioning(request: Request) -> Created:
    """Keep old versions of objects, or stop keeping them."""
    name = request.inputs.require("bucket")
    status = request.inputs.section("versioningConfiguration").require("status")
    # AWS has no way back to "never enabled"; the provider for AWS sends nothing either.
    if status != "Disabled":
        request.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    return Created(id=name)


@resource("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
def lifecycle(request: Request) -> Created:
    """Say when objects move to colder storage and when they go; the emulator stores it and moves nothing."""
    name = request.inputs.require("bucket")
    minimum = request.inputs.renamed({"transitionDefaultMinimumObjectSize": "TransitionDefaultMinimumObjectSize"})
    rules = [_lifecycle_rule(rule) for rule in request.inputs.sections("rules")]
    request.client("s3").put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": rules}, **minimum
    )
    return Created(id=name)


@resource("aws:s3/bucketLogging:BucketLogging")
def access_logs(request: Request) -> Created:
    """Record where a log of a bucket's requests would go; the emulator keeps none."""
    name = request.inputs.require("bucket")
    target = request.inputs.renamed({"targetBucket": "TargetBucket", "targetPrefix": "TargetPrefix"})
    key_format = request.inputs.section("targetObjectKeyFormat")
    dated = key_format.section("partitionedPrefix").renamed({"partitionDateSource": "PartitionDateSource"})
    simple = key_format.get("simplePrefix")
    if dated:
        target["TargetObjectKeyFormat"] = {"PartitionedPrefix": dated}
    elif simple is not None:
        target["TargetObjectKeyFormat"] = {"SimplePrefix": {}}
    request.client("s3").put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})
    return Created(id=name)


@resource("aws:s3/bucketPolicy:BucketPolicy")
def bucket_policy(request: Request) -> Created:
    """Set who else may use a bucket."""
    name = request.inputs.require("bucket")
    policy = without_tls_rule(document(request.inputs.require("policy")))
    if policy:
        request.client("s3").put_bucket_policy(Bucket=name, Policy=policy)
    return Created(id=name)


def _lifecycle_rule(rule: Inputs) -> dict[str, object]:
    when = {"days": "Days", "date": "Date"}
    old = {"noncurrentDays": "NoncurrentDays", "newerNoncurrentVersions": "NewerNoncurrentVersions"}
    parts: dict[str, object] = {
        "Transitions": [
            item.renamed({**when, "storageClass": "StorageClass"}) for item in rule.sections("transitions")
        ],
        "Expiration": rule.section("expiration").renamed(
            {**when, "expiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
        ),
        "NoncurrentVersionTransitions": [
            item.renamed({**old, "storageClass": "StorageClass"})
            for item in rule.sections("noncurrentVersionTransitions")
        ],
        "NoncurrentVersionExpiration": rule.section("noncurrentVersionExpiration").renamed(old),
        "AbortIncompleteMultipartUpload": rule.section("abortIncompleteMultipartUpload").renamed(
            {"daysAfterInitiation": "DaysAfterInitiation"}
        ),
    }
    selected = rule.section("filter").renamed(
        {
            "prefix": "Prefix",
            "objectSizeGreaterThan": "ObjectSizeGreaterThan",
            "objectSizeLessThan": "ObjectSizeLessThan",
        }
    )
    return {
        **rule.renamed({"id": "ID", "status": "Status"}),
        "Filter": selected if len(selected) == 1 else {"And": selected} if selected else {"Prefix": ""},
        **{key: value for key, value in parts.items() if value},
    }
