"""What a replay would send, counted."""

from collections import Counter
from pathlib import Path

import pytest

from fluxa.operate.api import Api
from fluxa.operate.payload_objects import PayloadObjects
from fluxa.operate.rehearsal import Rehearsal, rehearse
from fluxa.operate.replay_progress import fraction_of
from fluxa.operate.stored_pages import Place, StoredPages
from tests.support.batch_server import BatchServer
from tests.support.replay_world import BUCKET, PAGE, TO, ReplayWorld
from tests.support.stored_listing import StoredListing, moment


@pytest.fixture
def world(server: BatchServer, api: Api, tmp_path: Path) -> ReplayWorld:
    server.listing = listing = StoredListing()
    return ReplayWorld(api, listing, tmp_path)


def count(world: ReplayWorld) -> Rehearsal:
    place = Place(filters={"status": "completed", "to": TO})
    objects = PayloadObjects(s3=world.s3, bucket=BUCKET)
    return rehearse(StoredPages(api=world.api, limit=PAGE), objects, place, world.steps.append, before=TO)


def test_events_are_counted_by_type_and_by_where_their_payloads_lie(world: ReplayWorld, tmp_path: Path):
    world.store(2 * PAGE)
    for n in range(10):
        world.listing.stored[n]["type"] = "user.created"
    for n, storage_class in enumerate(("STANDARD", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE", "GLACIER", None)):
        world.offload(n * 9, storage_class=storage_class)
    world.s3.restore_object(Bucket=BUCKET, Key=world.listing.stored[18]["payload_key"], RestoreRequest={"Days": 1})
    world.s3.restored.clear()

    counted = count(world)

    assert (50, {"order.created": 40, "user.created": 10}) == (counted.events, dict(counted.types))
    assert (44, Counter(readable=2, archived=2, restoring=1, missing=1)) == (counted.inline, counted.payloads)
    assert ([], [], []) == (world.queue.calls, world.s3.restored, list(tmp_path.iterdir()))
    assert [25, 50] == [step.count for step in world.steps]


def test_nothing_there_is_nothing_counted(world: ReplayWorld):
    counted = count(world)

    assert (0, 0, 0) == (counted.events, counted.inline, counted.payloads.total())


@pytest.mark.parametrize(
    ("begins", "reached", "before", "fraction"),
    [(0, 0, 100, 0.0), (0, 25, 100, 0.25), (50, 75, 100, 0.5), (0, 100, 100, 1.0), (5, 5, 5, 1.0), (10, 5, 20, 0.0)],
)
def test_a_fraction_is_of_the_time_that_is_meant(begins: float, reached: float, before: float, fraction: float):
    assert fraction == fraction_of(moment(reached), begins=moment(begins), before=moment(before))
