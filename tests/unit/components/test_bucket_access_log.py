"""BucketAccessLog: who read and wrote payloads, kept where nobody but S3 writes."""

from tests.support.pulumi_recorder import Recorder, deploy
from tests.support.stack_builders import ACCOUNT_ID, a_bucket, a_key, a_platform, document_of

BUCKET = "aws:s3/bucket:Bucket"
LOG_BUCKET = "payloads-access-bucket"
LOG_ARN = f"arn:aws:test:::{LOG_BUCKET}"


def logged(**settings: object) -> Recorder:
    return deploy(lambda: a_bucket(access_logs=True, **settings))


def test_requests_are_logged_only_where_the_setting_asks_for_it():
    assert ["payloads-bucket"] == [item.name for item in deploy(a_bucket).of_type(BUCKET)]
    assert {"payloads-bucket", LOG_BUCKET} == {item.name for item in logged().of_type(BUCKET)}


def test_the_log_consists_of_exactly_these_parts():
    assert [
        (BUCKET, LOG_BUCKET),
        ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "payloads-access-lifecycle"),
        ("aws:s3/bucketLogging:BucketLogging", "payloads-access-delivery"),
        ("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "payloads-access-ownership"),
        ("aws:s3/bucketPolicy:BucketPolicy", "payloads-access-policy"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "payloads-access-public-access"),
        (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "payloads-access-encryption",
        ),
    ] == logged().children("payloads-access")


def test_the_payload_bucket_is_logged_once_s3_may_write_about_it():
    delivery = logged().one("aws:s3/bucketLogging:BucketLogging")

    assert {
        "bucket": "payloads-bucket-physical",
        "targetBucket": f"{LOG_BUCKET}-physical",
        "targetPrefix": "access/",
    } == delivery.inputs
    assert "payloads-access-policy" in delivery.dependencies


def test_s3_alone_writes_the_log_and_about_our_bucket_only():
    policy = logged().one("aws:s3/bucketPolicy:BucketPolicy", "payloads-access-policy")

    unencrypted, outdated, delivery = document_of(policy)["Statement"]
    assert {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": [f"{LOG_ARN}/access/*"],
        "Condition": {
            "ArnLike": {"aws:SourceArn": "arn:aws:test:::payloads-bucket"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
        },
    } == delivery
    for statement in (unencrypted, outdated):
        assert ("Deny", [LOG_ARN, f"{LOG_ARN}/*"]) == (statement["Effect"], statement["Resource"])


def test_the_log_is_encrypted_with_s3s_key_whatever_encrypts_the_payloads():
    """S3 delivers to no bucket that another key encrypts."""
    stack = deploy(lambda: a_bucket(access_logs=True, encryption="kms", platform=a_platform(key=a_key())))

    encryption = stack.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "payloads-access-encryption",
    )
    assert [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}] == encryption.inputs["rules"]


def test_nothing_of_the_log_is_public():
    block = logged().one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "payloads-access-public-access")

    assert {True} == {value for key, value in block.inputs.items() if key != "bucket"}
    assert 5 == len(block.inputs)


def test_the_log_forgets_when_all_logs_do():
    lifecycle = logged().one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "payloads-access-lifecycle"
    )

    assert [
        {
            "id": "expire",
            "status": "Enabled",
            "filter": {},
            "expiration": {"days": 14},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
        }
    ] == lifecycle.inputs["rules"]


def test_the_log_is_as_safe_from_destruction_as_what_it_is_about():
    protected, free = logged().one(BUCKET, LOG_BUCKET), logged(deletion_protection=False).one(BUCKET, LOG_BUCKET)

    assert (True, False) == (protected.protect, protected.inputs["forceDestroy"])
    assert (False, True) == (free.protect, free.inputs["forceDestroy"])
