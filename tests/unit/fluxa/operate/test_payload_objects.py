"""Objects in S3, as moto has them: readable, archived, being restored, gone."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.moto_api import state_manager

from fluxa.errors import OperatorError
from fluxa.operate.payload_objects import ObjectState, PayloadObjects, state_of

BUCKET = "payloads"


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        s3.create_bucket(Bucket=BUCKET)
        yield s3


@pytest.fixture
def objects(s3: Any) -> PayloadObjects:
    return PayloadObjects(s3=s3, bucket=BUCKET)


@pytest.mark.parametrize(
    ("head", "state"),
    [
        ({}, "readable"),
        ({"StorageClass": "STANDARD_IA"}, "readable"),
        ({"StorageClass": "GLACIER_IR"}, "readable"),
        ({"StorageClass": "GLACIER"}, "archived"),
        ({"StorageClass": "DEEP_ARCHIVE"}, "archived"),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'}, "restoring"),
        (
            {
                "StorageClass": "GLACIER",
                "Restore": 'ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"',
            },
            "readable",
        ),
    ],
)
def test_an_objects_state_is_its_class_and_what_became_of_its_restore(head: dict[str, str], state: str):
    assert state == state_of(head)


def test_each_object_is_asked_about(s3: Any, objects: PayloadObjects):
    for n in range(20):
        s3.put_object(Bucket=BUCKET, Key=f"{n}", Body=b"x", StorageClass="GLACIER" if n % 2 else "STANDARD")

    states = objects.states([f"{n}" for n in range(22)])

    assert [f"{n}" for n in range(22)] == list(states)
    assert {"readable": 10, "archived": 10, "missing": 2} == {
        state: list(states.values()).count(state) for state in set(states.values())
    }


def test_restored_objects_can_be_read_once_s3_has_them(s3: Any, objects: PayloadObjects):
    state_manager.set_transition("s3::keyrestore", {"progression": "manual", "times": 1})
    try:
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"x", StorageClass="DEEP_ARCHIVE")

        objects.restore(["a"], days=3)
        # Moto advances with each look.
        seen = [objects.states(["a"])["a"] for _ in range(3)]

        assert [ObjectState.RESTORING, ObjectState.READABLE] == list(dict.fromkeys(seen))
    finally:
        state_manager.unset_transition("s3::keyrestore")


class Stubborn:
    """S3 that answers every call with the same error."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: list[dict[str, Any]] = []

    def _refuse(self, **request: Any) -> None:
        self.asked.append(request)
        raise ClientError({"Error": {"Code": self.code, "Message": "No."}}, "Call")

    head_object = restore_object = _refuse


def test_a_restore_that_is_under_way_is_as_good_as_asked_for():
    s3 = Stubborn("RestoreAlreadyInProgress")

    PayloadObjects(s3=s3, bucket=BUCKET).restore(["a"], days=3)

    request = {"Days": 3, "GlacierJobParameters": {"Tier": "Standard"}}
    assert [{"Bucket": BUCKET, "Key": "a", "RestoreRequest": request}] == s3.asked


def test_a_restore_that_s3_refuses_is_no_success():
    with pytest.raises(ClientError, match="AccessDenied"):
        PayloadObjects(s3=Stubborn("AccessDenied"), bucket=BUCKET).restore(["a"], days=3)


def test_who_may_not_look_is_told_what_is_needed():
    """Without `s3:ListBucket` an object that is gone looks like one that is forbidden."""
    with pytest.raises(OperatorError, match=r"whether payloads/x is there: that takes s3:GetObject .* s3:ListBucket"):
        PayloadObjects(s3=Stubborn("403"), bucket=BUCKET).states(["payloads/x"])


def test_any_other_trouble_is_not_taken_for_an_answer():
    with pytest.raises(ClientError, match="SlowDown"):
        PayloadObjects(s3=Stubborn("SlowDown"), bucket=BUCKET).states(["a"])
