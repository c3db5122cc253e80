"""Payload objects that nothing in a real database refers to, removed when no message can refer to them either."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from functions.adapters.event_store import PostgresEventStore
from functions.adapters.payload_listing import S3Listing
from functions.adapters.payload_removal import S3Removal
from functions.adapters.queue_depth import SqsDepth
from functions.common.envelope import PayloadReference, payload_key
from functions.common.names import EventStatus
from functions.maintenance.orphan_sweep import EXAMPLES, FEW, SETTLING_SECONDS, Kept, OrphanSweep, due_day
from functions.maintenance.orphans import RESERVE_SECONDS
from functions.maintenance.ports import PayloadObject
from functions.processor.ports import Failure
from tests.support.envelopes import BUCKET, an_envelope

SHA256 = "ab" * 32
OUTLIVED_DAYS = 43
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YOUNG = MIDNIGHT + timedelta(minutes=27)
"""Midnight: the day that is looked at ended a day ago."""
OLD = MIDNIGHT + timedelta(hours=6, minutes=27)
"""Six o'clock: it ended 64 days ago, and no message is as old."""


class Bucket:
    """Objects that are found by the date in their key."""

    def __init__(self):
        self.objects = {}
        self.asked = Counter()

    def put(self, event_id, *, received_at, stored_at=None, sha256=SHA256):
        key = payload_key(event_id=event_id, payload_sha256=sha256, received_at=received_at)
        self.objects[key] = stored_at or received_at
        return key

    def of_day(self, day):
        self.asked[day] += 1
        found = [(key, at) for key, at in self.objects.items() if key.startswith(f"payloads/{day:%Y/%m/%d}/")]
        yield [PayloadObject(key=key, stored_at=at) for key, at in found]

    def remove(self, keys):
        for key in keys:
            del self.objects[key]


class Queues:
    """Says how many messages there are: the next number, the last one for ever; something may happen as it is asked."""

    def __init__(self, *numbers, meanwhile=lambda: None):
        self.numbers = list(numbers) or [0]
        self.meanwhile = meanwhile
        self.times_asked = 0

    def waiting(self):
        self.times_asked += 1
        if self.times_asked > 1:
            self.meanwhile()
        return self.numbers.pop(0) if len(self.numbers) > 1 else self.numbers[0]


@pytest.fixture
def store(database):
    return PostgresEventStore(database)


@pytest.fixture
def bucket():
    return Bucket()


def noon_of(now):
    return datetime.combine(due_day(now), datetime.min.time(), UTC) + timedelta(hours=12)


def refer(store, event_id, key, received_at):
    inline = an_envelope(event_id, received_at=received_at)
    store.store(
        [replace(inline, payload=None, payload_ref=PayloadReference(bucket=BUCKET, key=key))], within_seconds=20
    )


@pytest.fixture
def known_day(store, admin, bucket):
    """Return a function that gives a day an event, as a database that may be relied on has it."""

    def known(now):
        received_at = noon_of(now)
        if now is OLD:
            first, next_day = received_at.date(), received_at.date() + timedelta(days=1)
            admin.execute(f"CREATE TABLE old PARTITION OF events FOR VALUES FROM ('{first}+00') TO ('{next_day}+00')")
        refer(store, "kept", bucket.put("kept", received_at=received_at), received_at)
        return received_at

    return known


def sweep(admin, bucket, *, now=YOUNG, queues=None, seconds=300.0, sleep=lambda _seconds: None, outlived=OUTLIVED_DAYS):
    sweep = OrphanSweep(listing=bucket, removal=bucket, depth=queues or Queues(), outlived_days=outlived, sleep=sleep)
    return sweep.run(admin, now=now, seconds_left=lambda: seconds)


@pytest.mark.parametrize("now", [YOUNG, OLD], ids=["a day", "sixty-four days"])
def test_an_object_that_nothing_refers_to_is_removed_and_the_others_stay(admin, bucket, known_day, now):
    orphan = bucket.put("orphan", received_at=known_day(now))

    done = sweep(admin, bucket, now=now)

    assert (2, 1, 1, [orphan], None, True) == (
        done.examined,
        done.orphaned,
        done.removed,
        done.examples,
        done.kept,
        done.is_complete,
    )
    assert (1, orphan in bucket.objects) == (len(bucket.objects), False)


def test_an_object_of_other_content_under_the_same_id_is_an_orphan(store, admin, bucket, known_day):
    received_at = known_day(YOUNG)
    refer(store, "e-1", bucket.put("e-1", received_at=received_at), received_at)
    orphan = bucket.put("e-1", received_at=received_at, sha256="cd" * 32)

    assert ([orphan], 1) == (sweep(admin, bucket).examples, 3 - len(bucket.objects))


@pytest.mark.parametrize("now", [YOUNG, OLD], ids=["a day", "sixty-four days"])
@pytest.mark.parametrize("status", [EventStatus.FAILED, EventStatus.DEAD_LETTERED])
def test_the_object_of_a_failed_event_may_still_be_needed(store, admin, bucket, known_day, status, now):
    received_at = known_day(now)
    bucket.put("failed", received_at=received_at)
    failed = an_envelope("failed", received_at=received_at)
    store.record_failure(Failure(envelope=failed, status=status, code="closed", message="Closed."), within_seconds=20)

    done = sweep(admin, bucket, now=now)

    assert (2, 0, 0) == (done.examined, done.orphaned, done.removed)


@pytest.mark.parametrize("numbers", [(1,), (1, 0), (0, 1)], ids=["always", "at first", "in the end"])
def test_while_there_are_messages_an_object_may_still_be_needed(admin, bucket, known_day, numbers):
    orphan = bucket.put("orphan", received_at=known_day(YOUNG))

    done = sweep(admin, bucket, queues=Queues(*numbers))

    assert (1, 0, Kept.MESSAGES) == (done.orphaned, done.removed, done.kept)
    assert orphan in bucket.objects


def test_an_object_that_has_outlived_every_message_goes_whatever_is_in_the_queues(admin, bucket, known_day):
    bucket.put("orphan", received_at=known_day(OLD))

    assert 1 == sweep(admin, bucket, now=OLD, queues=Queues(7)).removed


def test_where_messages_live_longer_objects_wait_longer(admin, bucket, known_day):
    bucket.put("orphan", received_at=known_day(OLD))

    assert Kept.MESSAGES is sweep(admin, bucket, now=OLD, queues=Queues(7), outlived=65).kept


def test_a_message_that_was_counted_by_nobody_is_found_by_what_it_led_to(store, admin, bucket, known_day):
    """Stored between the first look at the database and the last look at the queues: the database is asked again."""
    received_at = known_day(YOUNG)
    key = bucket.put("late", received_at=received_at)

    done = sweep(admin, bucket, queues=Queues(0, 0, meanwhile=lambda: refer(store, "late", key, received_at)))

    assert (1, 0) == (done.orphaned, done.removed)
    assert key in bucket.objects


def test_queues_are_asked_again_when_their_counts_have_settled(admin, bucket, known_day):
    slept = []
    queues = Queues()
    received_at = known_day(YOUNG)

    sweep(admin, bucket, queues=queues, sleep=slept.append)
    assert [] == slept  # There was no orphan.
    bucket.put("orphan", received_at=received_at)
    sweep(admin, bucket, queues=queues, sleep=slept.append)

    assert 3 == queues.times_asked
    assert [pytest.approx(SETTLING_SECONDS, abs=5)] == slept


@pytest.mark.parametrize(("now", "days"), [(YOUNG, 1), (OLD, OUTLIVED_DAYS)], ids=["a day", "sixty-four days"])
def test_what_somebody_has_just_brought_back_is_not_removed_again(admin, bucket, known_day, now, days):
    received_at = known_day(now)
    bucket.put("brought-back", received_at=received_at, stored_at=now - timedelta(days=days) + timedelta(minutes=1))
    bucket.put("not", received_at=received_at, stored_at=now - timedelta(days=days) - timedelta(minutes=1))

    assert (2, 1) == (sweep(admin, bucket, now=now).examined, len(bucket.objects) - 1)


def test_what_somebody_else_put_there_is_reported_and_stays(admin, bucket, known_day):
    key = f"payloads/{known_day(YOUNG):%Y/%m/%d}/notes.txt"
    bucket.objects[key] = noon_of(YOUNG)

    done = sweep(admin, bucket)

    assert ([key], 0, True) == (done.examples, done.removed, key in bucket.objects)


def test_a_day_that_the_database_knows_nothing_of_is_left_alone(store, admin, bucket):
    """Retention has dropped it, or the database is not the one that it was."""
    refer(store, "other-day", bucket.put("other-day", received_at=MIDNIGHT), MIDNIGHT)
    bucket.put("orphan", received_at=noon_of(YOUNG))

    done = sweep(admin, bucket)

    assert (1, 0, Kept.DAY_UNKNOWN) == (done.orphaned, done.removed, done.kept)


@pytest.mark.parametrize(("orphans", "kept"), [(FEW, None), (FEW + 1, Kept.TOO_MANY)])
def test_when_much_of_a_day_seems_useless_it_is_the_database_that_is_wrong(admin, bucket, known_day, orphans, kept):
    received_at = known_day(YOUNG)
    for number in range(orphans):
        bucket.put(f"e-{number}", received_at=received_at)

    done = sweep(admin, bucket)

    assert (kept, 0 if kept else orphans) == (done.kept, done.removed)


def test_one_in_ten_may_go_however_many_that_are(store, admin, bucket, known_day):
    received_at = known_day(YOUNG)
    for number in range(20):
        bucket.put(f"orphan-{number}", received_at=received_at)
    for number in range(179):
        refer(store, f"e-{number}", bucket.put(f"e-{number}", received_at=received_at), received_at)

    assert (200, 20) == (len(bucket.objects), sweep(admin, bucket).removed)


def test_only_the_day_that_is_due_is_listed(admin, bucket):
    sweep(admin, bucket)
    sweep(admin, bucket, now=OLD)

    assert {due_day(YOUNG): 1, due_day(OLD): 1} == bucket.asked


def test_when_time_runs_short_it_says_so_and_a_later_run_does_the_rest(admin, bucket, known_day):
    bucket.put("orphan", received_at=known_day(YOUNG))

    short = sweep(admin, bucket, seconds=RESERVE_SECONDS - 1)

    assert (0, False) == (short.examined, short.is_complete)
    assert (1, True) == (sweep(admin, bucket).removed, True)


def test_only_some_keys_are_named(admin, bucket, known_day):
    received_at = known_day(YOUNG)
    for number in range(EXAMPLES + 5):
        bucket.put(f"e-{number}", received_at=received_at)

    done = sweep(admin, bucket)

    assert (EXAMPLES + 5, EXAMPLES) == (done.orphaned, len(done.examples))


@pytest.fixture
def account(monkeypatch):
    """A bucket with versions, and two queues."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3, sqs = boto3.client("s3"), boto3.client("sqs")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield s3, sqs, [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "dead-letters")]


def test_in_s3_an_orphan_is_hidden_and_comes_back_when_its_marker_is_removed(store, admin, account):
    s3, sqs, (queue, dead_letters) = account
    now, received_at = MIDNIGHT + timedelta(days=2, minutes=27), datetime.now(UTC)
    kept, orphan = (
        payload_key(event_id=name, payload_sha256=SHA256, received_at=received_at) for name in ("kept", "orphan")
    )
    for key in (kept, orphan):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    refer(store, "kept", kept, received_at)
    sweep = OrphanSweep(
        listing=S3Listing(lambda: s3, BUCKET),
        removal=S3Removal(lambda: s3, BUCKET),
        depth=SqsDepth(lambda: sqs, [queue, dead_letters, queue]),
        outlived_days=OUTLIVED_DAYS,
        sleep=lambda _seconds: None,
    )
    sqs.send_message(QueueUrl=dead_letters, MessageBody="{}")
    assert Kept.MESSAGES is sweep.run(admin, now=now, seconds_left=lambda: 300).kept
    sqs.purge_queue(QueueUrl=dead_letters)

    assert 1 == sweep.run(admin, now=now, seconds_left=lambda: 300).removed

    assert [kept] == keys_in(s3)
    (marker,) = s3.list_object_versions(Bucket=BUCKET)["DeleteMarkers"]
    s3.delete_object(Bucket=BUCKET, Key=marker["Key"], VersionId=marker["VersionId"])
    assert [kept, orphan] == keys_in(s3)


def keys_in(s3):
    return [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
