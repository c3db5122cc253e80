"""Erasing in S3 and SQS as the emulator has them: all that is meant, with all its versions, and nothing else."""

import json
from collections.abc import Iterator

import pytest

from fluxa.local.emulator import Emulator
from functions.adapters.parked_events import SqsParkedEvents
from functions.adapters.payload_erasure import S3PayloadErasure
from functions.common.envelope import PayloadReference, encode
from functions.common.errors import PayloadStoreUnavailable
from functions.common.identifiers import new_id
from tests.support.envelopes import a_recent_envelope, an_offloaded_envelope


@pytest.fixture(params=["Enabled", "Suspended", None])
def bucket(emulator: Emulator, request: pytest.FixtureRequest) -> str:
    """A bucket that keeps versions, kept them once, or never did."""
    name = f"erasing-{new_id()}"
    emulator.client("s3").create_bucket(Bucket=name)
    if request.param:
        emulator.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("payloads/a.json", "payloads/a.json.longer", "payloads/b.json", "payloads/c.json", "other/a.json"):
        emulator.client("s3").put_object(Bucket=name, Key=key, Body=b"1")
    emulator.client("s3").put_object(Bucket=name, Key="payloads/a.json", Body=b"2")
    emulator.client("s3").delete_object(Bucket=name, Key="payloads/b.json")
    if request.param == "Suspended":
        emulator.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        emulator.client("s3").put_object(Bucket=name, Key="payloads/a.json", Body=b"3")
    return name


def there(emulator: Emulator, bucket: str) -> set[str]:
    """Return the keys of all versions and delete markers."""
    answer = emulator.client("s3").list_object_versions(Bucket=bucket)
    return {item["Key"] for item in (*answer.get("Versions", []), *answer.get("DeleteMarkers", []))}


def remove(emulator: Emulator, bucket: str, *keys: str, of: str | None = None) -> None:
    removal = S3PayloadErasure(lambda: emulator.client("s3"), bucket)
    removal.remove([PayloadReference(bucket=of or bucket, key=key) for key in keys], within_seconds=20)


def test_an_object_goes_with_every_version_and_delete_marker_and_no_neighbour_goes_along(
    emulator: Emulator, bucket: str
):
    remove(emulator, bucket, "payloads/a.json", "payloads/b.json", "payloads/never.json")

    assert {"payloads/a.json.longer", "payloads/c.json", "other/a.json"} == there(emulator, bucket)
    # Again: what is gone is no error.
    remove(emulator, bucket, "payloads/a.json")


def test_what_is_outside_of_the_payloads_is_left_alone(emulator: Emulator, bucket: str):
    before = there(emulator, bucket)

    remove(emulator, bucket, "other/a.json")
    remove(emulator, bucket, "payloads/c.json", of="another-bucket")

    assert before == there(emulator, bucket)


def test_a_bucket_that_refuses_is_an_error_that_says_so(emulator: Emulator):
    with pytest.raises(PayloadStoreUnavailable, match="NoSuchBucket"):
        remove(emulator, "there-is-none", "payloads/a.json")


@pytest.fixture
def queue_url(emulator: Emulator) -> str:
    return str(emulator.client("sqs").create_queue(QueueName=f"parked-{new_id()}")["QueueUrl"])


def park(emulator: Emulator, queue_url: str, *bodies: str) -> None:
    for body in bodies:
        emulator.client("sqs").send_message(QueueUrl=queue_url, MessageBody=body)


def waiting(emulator: Emulator, queue_url: str) -> Iterator[str]:
    """Yield the bodies of the messages that can be received."""
    sqs = emulator.client("sqs")
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        yield from (message["Body"] for message in messages)


def test_dead_letters_of_one_user_go_and_all_others_are_given_back_at_once(emulator: Emulator, queue_url: str):
    meant = [a_recent_envelope(f"mine-{n}", user_id="u-1") for n in range(12)]
    others = [encode(a_recent_envelope(f"other-{n}", user_id="u-2")) for n in range(13)]
    foreign = ["hello", json.dumps({"user_id": "u-1"})]
    park(emulator, queue_url, *(encode(envelope) for envelope in meant), *others, *foreign)
    seen = set()

    with SqsParkedEvents(lambda: emulator.client("sqs"), queue_url)() as look:
        for events in look.events():
            seen |= {event.event_id for event in events}
            mine = [event for event in events if event.user_id == "u-1"]
            assert mine == (look.remove(mine) if mine else [])
        assert not look.waiting_elsewhere()

    assert 25 == len(seen)
    assert sorted(others + foreign) == sorted(waiting(emulator, queue_url))


def test_what_a_dead_letter_says_is_what_erasing_needs(emulator: Emulator, queue_url: str):
    envelope = an_offloaded_envelope("e-1", user_id="u-1")
    park(emulator, queue_url, encode(envelope))

    with SqsParkedEvents(lambda: emulator.client("sqs"), queue_url)() as look:
        ((event,),) = look.events()

    assert ("e-1", "u-1", envelope.received_at, envelope.payload_ref) == (
        event.event_id,
        event.user_id,
        event.received_at,
        event.payload_ref,
    )


def test_a_look_tells_that_somebody_else_holds_messages(emulator: Emulator, queue_url: str):
    park(emulator, queue_url, "one", "two")
    emulator.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=1, VisibilityTimeout=60)

    with SqsParkedEvents(lambda: emulator.client("sqs"), queue_url)() as look:
        assert look.waiting_elsewhere()


def test_messages_are_given_back_even_when_the_work_breaks_off(emulator: Emulator, queue_url: str):
    park(emulator, queue_url, "one")
    looking = SqsParkedEvents(lambda: emulator.client("sqs"), queue_url)

    def break_off() -> None:
        with looking() as look:
            assert [[]] == list(look.events())
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        break_off()

    assert ["one"] == list(waiting(emulator, queue_url))
