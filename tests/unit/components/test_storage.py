"""PayloadBucket: what is asked of S3."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from components.policy import PolicyStatement, policy_json
from components.storage import PayloadBucket
from tests.support.pulumi_recorder import deploy
from tests.support.stack_builders import a_bucket, a_key, a_platform, document_of

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PAYLOADS_ARN = "arn:aws:test:::payloads-bucket/payloads/*"
UPLOADS_ARN = "arn:aws:test:::payloads-bucket/uploads/*"
KEY_ARN = "arn:aws:test:::encryption-key"
BY_S3 = {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}


def rules_of(**settings: Any) -> dict[str, dict[str, Any]]:
    stack = deploy(lambda: a_bucket(**settings))
    return {rule["id"]: rule for rule in stack.one(LIFECYCLE).inputs["rules"]}


def encrypted_bucket() -> PayloadBucket:
    return a_bucket(encryption="kms", platform=a_platform(key=a_key()))


def offered(
    offer: Callable[[PayloadBucket], tuple[PolicyStatement, ...]],
    build: Callable[[], PayloadBucket] = a_bucket,
) -> list[dict[str, Any]]:
    """Return the statements that a bucket offers."""
    texts: list[str] = []
    deploy(lambda: policy_json(offer(build())).apply(texts.append))
    return json.loads(texts[0])["Statement"]


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

    rules = stack.one(ENCRYPTION).inputs["rules"]
    assert [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}] == rules
    ownership = stack.one("aws:s3/bucketOwnershipControls:BucketOwnershipControls")
    assert {"objectOwnership": "BucketOwnerEnforced"} == ownership.inputs["rule"]


def test_the_stacks_key_encrypts_objects_and_is_asked_once_for_many():
    stack = deploy(encrypted_bucket)

    assert [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN},
            "bucketKeyEnabled": True,
        }
    ] == stack.one(ENCRYPTION).inputs["rules"]


def test_a_key_that_other_settings_asked_for_is_left_alone():
    stack = deploy(lambda: a_bucket(platform=a_platform(key=a_key())))

    assert KEY_ARN not in str(stack.one(ENCRYPTION).inputs)


def test_calls_without_modern_tls_are_refused_for_the_bucket_and_its_objects():
    stack = deploy(a_bucket)

    unencrypted, outdated = document_of(stack.one("aws:s3/bucketPolicy:BucketPolicy"))["Statement"]
    assert {"Bool": {"aws:SecureTransport": "false"}} == unencrypted["Condition"]
    assert {"NumericLessThan": {"s3:TlsVersion": "1.2"}} == outdated["Condition"]
    for statement in (unencrypted, outdated):
        assert ("Deny", {"AWS": "*"}, ["s3:*"]) == (statement["Effect"], statement["Principal"], statement["Action"])
        assert ["arn:aws:test:::payloads-bucket", "arn:aws:test:::payloads-bucket/*"] == statement["Resource"]


def test_writers_and_readers_of_payloads_may_do_just_that():
    assert [{"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [PAYLOADS_ARN]}] == offered(
        PayloadBucket.write_statements
    )
    assert [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [PAYLOADS_ARN]}] == offered(
        PayloadBucket.read_statements
    )


def test_who_lets_clients_upload_may_write_read_and_find_uploads_and_look_at_no_payload():
    objects, listing = offered(PayloadBucket.upload_statements, encrypted_bucket)

    assert {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": [UPLOADS_ARN]} == objects
    assert (["s3:ListBucket"], {"StringLike": {"s3:prefix": "uploads/*"}}) == (listing["Action"], listing["Condition"])


def test_with_the_stacks_key_writers_and_readers_use_it_through_s3_alone():
    writing, reading = (
        offered(offer, encrypted_bucket)[1] for offer in (PayloadBucket.write_statements, PayloadBucket.read_statements)
    )

    assert {
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": [KEY_ARN],
        "Condition": BY_S3,
    } == writing
    assert {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY_ARN], "Condition": BY_S3} == reading


def test_what_passes_the_networks_way_to_s3_is_s3s_business_only():
    assert [
        ["s3:GetObject"],
        ["s3:ListBucket"],
        ["s3:ListBucketVersions"],
        ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    ] == [statement["Action"] for statement in offered(PayloadBucket.inside_statements, encrypted_bucket)]


def test_removing_is_of_payloads_only_and_leaves_old_versions_where_they_are():
    (removing,) = offered(PayloadBucket.remove_statements, encrypted_bucket)

    assert {"Effect": "Allow", "Action": ["s3:DeleteObject"], "Resource": [PAYLOADS_ARN]} == removing


def test_a_list_is_of_payloads_only_and_finding_out_that_one_is_missing_is_not_bound_to_a_list():
    (listing,), (finding,) = offered(PayloadBucket.list_statements), offered(PayloadBucket.find_statements)

    assert {"StringLike": {"s3:prefix": "payloads/*"}} == listing["Condition"]
    # S3 asks for this permission without a prefix when somebody gets an object that does not exist.
    assert "Condition" not in finding
    assert (["s3:ListBucket"], ["arn:aws:test:::payloads-bucket"]) == (finding["Action"], finding["Resource"])


def test_payloads_are_archived_where_they_can_still_be_read_at_once():
    rule = rules_of()["archive"]

    assert {"prefix": "payloads/"} == rule["filter"]
    assert [{"days": 30, "storageClass": "GLACIER_IR"}] == rule["transitions"]


def test_archiving_follows_its_toggles():
    assert [{"days": 60, "storageClass": "GLACIER"}] == rules_of(archive_after_days=60, archive_class="GLACIER")[
        "archive"
    ]["transitions"]
    assert {"leftovers", "uploads"} == set(rules_of(archive_after_days=None))


def test_uploads_go_after_a_day_and_what_they_overwrote_with_them():
    rule = rules_of()["uploads"]

    assert ({"prefix": "uploads/"}, {"days": 1}) == (rule["filter"], rule["expiration"])
    assert {"noncurrentDays": 1} == rule["noncurrentVersionExpiration"]


def test_payloads_of_events_that_stay_for_ever_do_not_expire():
    assert "expire" not in rules_of(retention_days=None)


def test_payloads_expire_a_month_and_a_week_after_their_events_may_go():
    rule = rules_of(retention_days=90)["expire"]

    assert ({"days": 128}, {"prefix": "payloads/"}) == (rule["expiration"], rule["filter"])


@pytest.mark.parametrize("retention_days", [26, 90, 365])
def test_no_payload_goes_before_its_event(retention_days):
    """Retention drops a month when its last moment is old enough, at a daily run, of which six may fail."""
    lifetime = timedelta(days=rules_of(retention_days=retention_days)["expire"]["expiration"]["days"])

    for day in (date(2027, 1, 1) + timedelta(days=offset) for offset in range(4 * 366)):
        month_over = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        event_goes = datetime.combine(month_over, time(3, 47)) + timedelta(days=retention_days + 6)
        assert event_goes < datetime.combine(day, time()) + lifetime


def test_old_versions_unfinished_uploads_and_marks_of_what_is_gone_do_not_pile_up():
    rule = rules_of()["leftovers"]

    assert {"noncurrentDays": 30} == rule["noncurrentVersionExpiration"]
    assert {"daysAfterInitiation": 7} == rule["abortIncompleteMultipartUpload"]
    assert {"expiredObjectDeleteMarker": True} == rule["expiration"]


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
