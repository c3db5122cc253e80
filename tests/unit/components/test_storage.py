"""PayloadBucket: what is asked of S3."""

from tests.support.pulumi_recorder import deploy
from tests.support.stack_builders import a_bucket, document_of

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


def rules_of(**settings: object) -> dict[str, dict[str, object]]:
    stack = deploy(lambda: a_bucket(**settings))
    return {rule["id"]: rule for rule in stack.one(LIFECYCLE).inputs["rules"]}


def test_the_bucket_consists_of_exactly_these_parts():
    stack = deploy(a_bucket)

    assert [
        (BUCKET, "payloads-bucket"),
        (LIFECYCLE, "payloads-lifecycle"),
        ("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "payloads-ownership"),
        ("aws:s3/bucketPolicy:BucketPolicy", "payloads-policy"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "payloads-public-access"),
        (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "payloads-encryption",
        ),
        ("aws:s3/bucketVersioning:BucketVersioning", "payloads-versioning"),
    ] == stack.children("payloads")


def test_nothing_in_the_bucket_is_public():
    stack = deploy(a_bucket)

    inputs = stack.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    assert "payloads-bucket-physical" == inputs.pop("bucket")
    assert {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    } == inputs


def test_objects_are_encrypted_and_belong_to_the_account():
    stack = deploy(a_bucket)

    encryption = stack.one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    assert [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}] == encryption.inputs["rules"]
    ownership = stack.one("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
    assert {"objectOwnership": "BucketOwnerEnforced"} == ownership.inputs["rule"]


def test_unencrypted_calls_are_refused_for_the_bucket_and_its_objects():
    stack = deploy(a_bucket)

    (statement,) = document_of(stack.one("aws:s3/bucketPolicy:BucketPolicy"))["Statement"]
    assert ("Deny", {"Bool": {"aws:SecureTransport": "false"}}) == (statement["Effect"], statement["Condition"])
    assert ["arn:aws:test:::payloads-bucket", "arn:aws:test:::payloads-bucket/*"] == statement["Resource"]


def test_payloads_are_archived_where_they_can_still_be_read_at_once():
    rule = rules_of()["archive"]

    assert {"prefix": "payloads/"} == rule["filter"]
    assert [{"days": 30, "storageClass": "GLACIER_IR"}] == rule["transitions"]


def test_archiving_follows_its_toggles():
    assert [{"days": 60, "storageClass": "GLACIER"}] == rules_of(archive_after_days=60, archive_class="GLACIER")[
        "archive"
    ]["transitions"]
    assert {"leftovers"} == set(rules_of(archive_after_days=None))


def test_payloads_expire_only_when_asked_to():
    assert "expire" not in rules_of()
    assert {"days": 400} == rules_of(expire_after_days=400)["expire"]["expiration"]


def test_old_versions_and_unfinished_uploads_do_not_pile_up():
    rule = rules_of()["leftovers"]

    assert {"noncurrentDays": 30} == rule["noncurrentVersionExpiration"]
    assert {"daysAfterInitiation": 7} == rule["abortIncompleteMultipartUpload"]


def test_versioning_follows_its_toggle():
    states = [
        deploy(lambda on=on: a_bucket(versioning=on))
        .one("aws:s3/bucketVersioning:BucketVersioning")
        .inputs["versioningConfiguration"]["status"]
        for on in (True, False)
    ]

    assert ["Enabled", "Suspended"] == states


def test_a_protected_bucket_is_neither_emptied_nor_destroyed():
    protected = deploy(a_bucket).one(BUCKET)
    free = deploy(lambda: a_bucket(deletion_protection=False)).one(BUCKET)

    assert (True, False) == (protected.protect, protected.inputs["forceDestroy"])
    assert (False, True) == (free.protect, free.inputs["forceDestroy"])
