"""A replay from its first event to its last: nothing is left out, whatever happens in between."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fluxa.errors import OperatorError
from fluxa.operate.api import Api
from fluxa.operate.listed_file import ListedFile
from functions.common.events import parse_timestamp
from functions.common.names import MessageAttribute
from functions.common.replay import ReplayRequest
from tests.support.batch_server import BatchServer
from tests.support.replay_world import PAGE, Killed, ReplayWorld
from tests.support.stored_listing import StoredListing, an_event, moment


@pytest.fixture
def world(server: BatchServer, api: Api, tmp_path: Path) -> ReplayWorld:
    server.listing = listing = StoredListing()
    return ReplayWorld(api, listing, tmp_path)


def test_every_event_is_named_once_oldest_first_and_nothing_is_left_behind(world: ReplayWorld, tmp_path: Path):
    ids = world.store(60)

    result = world.replay()

    assert ids == world.queue.ids
    assert (60, 0, 0) == (result.progress.sent, result.progress.left_out, result.restoring)
    assert [] == list(tmp_path.iterdir())


def test_a_message_names_the_event_and_carries_nothing_of_it(world: ReplayWorld):
    world.listing.stored = [an_event(7, user_id="u1", source="shop")]

    world.replay()

    (message,) = world.queue.messages
    assert [
        ReplayRequest(
            replay_id="replay-1",
            event_id="e-00007",
            received_at=parse_timestamp(moment(7)),
            type="order.created",
            correlation_id="c-7",
        )
    ] == world.queue.requests
    assert "u1" not in json.dumps(message)
    assert {name.value for name in MessageAttribute} == set(message["MessageAttributes"])


def test_nothing_that_matches_is_nothing_to_do(world: ReplayWorld, tmp_path: Path):
    assert 0 == world.replay().progress.sent
    assert [] == list(tmp_path.iterdir())


def after(times: int) -> Callable[..., None]:
    """Return what kills whoever calls it once too often."""
    left = times

    def kill(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    return kill


class DyingApi:
    """The API of a process that dies while it asks for a page."""

    def __init__(self, api: Api, kill: Callable[..., None]) -> None:
        self._api = api
        self._kill = kill

    def get(self, path: str, params: dict[str, str]) -> Any:
        self._kill()
        return self._api.get(path, params)


@pytest.mark.parametrize("times", range(9))
@pytest.mark.parametrize("point", ["before a call", "after a call", "before a page"])
def test_killed_anywhere_the_same_replay_goes_on_and_no_event_is_left_out(world: ReplayWorld, point: str, times: int):
    ids = world.store(3 * PAGE)
    whole = world.api
    if point == "before a call":
        world.queue.before = after(times)
    elif point == "after a call":
        world.queue.after = after(times)
    else:
        world.api = DyingApi(whole, after(times % 3))  # type: ignore[assignment]  # an API that dies
    with pytest.raises(Killed):
        world.replay()
    world.queue.before = world.queue.after = lambda: None
    world.api = whole
    sent_before = len(world.queue.ids)

    result = world.replay()

    assert ids == sorted(set(world.queue.ids))
    # All under one id, or the processor would handle some twice.
    assert 1 == len({request.replay_id for request in world.queue.requests})
    assert len(world.queue.ids) - len(ids) < PAGE + 1
    assert (3 * PAGE, None) == (result.progress.sent, world.kept)
    assert sent_before < len(ids) or point == "after a call"


@pytest.mark.parametrize("again", [1, 2, 3])
def test_killed_several_times_it_still_ends(world: ReplayWorld, again: int):
    ids = world.store(4 * PAGE)
    for _ in range(again):
        world.queue.after = after(4)
        with pytest.raises(Killed):
            world.replay()
    world.queue.after = lambda: None

    world.replay()

    assert ids == sorted(set(world.queue.ids))
    assert ("replay-1", 1) == (world.queue.requests[-1].replay_id, world.begun)


def test_a_page_that_is_acknowledged_is_not_sent_again(world: ReplayWorld):
    world.store(2 * PAGE)
    world.queue.before = after(4)
    with pytest.raises(Killed):
        world.replay()
    kept = world.kept
    assert kept is not None
    assert (PAGE, "e-00024") == (kept["sent"], kept["place"]["event_id"])
    world.queue.before = lambda: None
    world.queue.messages.clear()

    world.replay()

    assert "e-00025" == world.queue.ids[0]


def test_a_cursor_that_has_ended_meanwhile_costs_nothing(world: ReplayWorld):
    ids = world.store(3 * PAGE)
    world.queue.before = after(4)
    with pytest.raises(Killed):
        world.replay()
    world.queue.before = lambda: None
    world.listing.cursor_key = 2

    result = world.replay()

    assert (ids, 3 * PAGE) == (sorted(set(world.queue.ids)), result.progress.sent)


def test_a_replay_that_was_killed_keeps_its_end_although_events_come_in(world: ReplayWorld):
    world.store(PAGE)
    world.queue.before = after(0)
    with pytest.raises(Killed):
        world.replay()
    world.queue.before = lambda: None
    world.listing.stored.append(an_event(999, seconds=100_001))

    world.replay()

    assert "e-00999" not in world.queue.ids


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"asked": {"--type": "a"}}, r"asked for something else \(no filter; not --type a\): repeat that to go on"),
        ({"stack": "other"}, r"stopped on another stack \(test, not other\): name that one to go on"),
    ],
)
def test_another_replay_does_not_go_on_where_this_one_stopped(world: ReplayWorld, change: dict[str, Any], told: str):
    ids = world.store(2 * PAGE)
    world.queue.before = after(4)
    with pytest.raises(Killed):
        world.replay()
    world.queue.before = lambda: None

    with pytest.raises(OperatorError, match=f"{told}, give this replay a --name of its own, or forget .* --restart"):
        world.replay(**change)

    world.queue.messages.clear()
    assert len(ids) == world.replay(restart=True, **change).progress.sent
    assert "replay-2" == world.queue.requests[0].replay_id


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"place": {"what": 1}}', '{"place": 1}'])
def test_a_resume_file_that_is_none_is_not_guessed_at(world: ReplayWorld, text: str):
    world.store(1)
    world.files.resume.write_text(text)

    with pytest.raises(OperatorError, match=r"resume\.json cannot be read: start over with --restart\.$"):
        world.replay()

    assert [] == world.queue.calls


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_sent(world: ReplayWorld, tmp_path: Path):
    world.store(1)
    world.folder = tmp_path / "none"

    with pytest.raises(OperatorError, match="cannot be written"):
        world.replay()

    assert [] == world.queue.calls


def test_messages_that_sqs_refuses_are_sent_again_and_their_neighbours_are_not(world: ReplayWorld):
    ids = world.store(10)
    world.queue.refuse = lambda entry: len(world.queue.calls) == 1 and int(entry["Id"]) % 3 == 0

    world.replay()

    assert [10, 4] == [len(call) for call in world.queue.calls]
    assert (ids, 10) == (sorted(world.queue.ids), len(world.queue.ids))


def test_what_sqs_never_takes_ends_the_run_with_the_pages_before_kept(world: ReplayWorld):
    world.store(2 * PAGE)
    world.queue.refuse = lambda entry: '"e-00030"' in entry["MessageBody"]

    with pytest.raises(OperatorError, match=r"SQS did not take 1 messages in 3 attempts \(InternalError: Later\.\)\.$"):
        world.replay()

    kept = world.kept
    assert kept is not None
    assert PAGE == kept["sent"]
    world.queue.refuse = lambda entry: False
    assert 2 * PAGE == world.replay().progress.sent


def test_how_far_it_is_is_told_with_each_call(world: ReplayWorld):
    world.store(PAGE)

    world.replay()

    assert [10, 20, 25] == [step.count for step in world.steps]
    assert moment(24) == world.steps[-1].reached
    assert pytest.approx([9 / 100_000, 19 / 100_000, 24 / 100_000]) == [step.fraction for step in world.steps]


@pytest.mark.parametrize("storage_class", ["STANDARD", "GLACIER_IR"])
def test_payloads_that_can_be_read_are_no_reason_to_wait(world: ReplayWorld, storage_class: str):
    ids = world.store(5)
    world.offload(2, storage_class=storage_class)

    world.replay()

    assert ids == world.queue.ids


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_before_an_archived_payload_it_stops_and_says_what_to_do(world: ReplayWorld, storage_class: str):
    ids = world.store(3 * PAGE)
    key = world.offload(PAGE + 3, storage_class=storage_class)
    world.offload(PAGE + 4, storage_class=storage_class)

    with pytest.raises(
        OperatorError, match=rf"payloads of 2 of the next 25 events are in an archive, {key} .*--restore DAYS"
    ):
        world.replay()

    assert ids[:PAGE] == world.queue.ids
    kept = world.kept
    assert kept is not None
    assert PAGE == kept["sent"]


def test_what_stopped_before_its_first_event_is_in_nobodys_way(world: ReplayWorld, tmp_path: Path):
    world.store(1)
    world.offload(0, storage_class="GLACIER")

    with pytest.raises(OperatorError, match="in an archive"):
        world.replay()

    assert [] == list(tmp_path.iterdir())


def test_all_archived_payloads_are_restored_and_then_the_replay_goes_on(world: ReplayWorld):
    ids = world.store(4 * PAGE)
    archived = [world.offload(n, storage_class="GLACIER") for n in (PAGE, PAGE + 1, 3 * PAGE)]

    waiting = world.replay(restore_days=2)

    assert (ids[:PAGE], 3) == (world.queue.ids, waiting.restoring)
    assert (PAGE, 3) == (world.steps[-1].count, world.steps[-1].restoring)
    assert [(key, 2) for key in archived] == sorted(world.s3.restored)

    assert (3, ids[:PAGE]) == (world.replay(restore_days=2).restoring, world.queue.ids)
    assert 3 == len(world.s3.restored), "what is under way is not asked for again"
    world.s3.finish_restores()
    done = world.replay(restore_days=2)

    assert (ids, 0, 4 * PAGE) == (world.queue.ids, done.restoring, done.progress.sent)
    assert (1, None) == (world.begun, world.kept)


def test_restores_that_are_under_way_are_no_reason_to_send(world: ReplayWorld):
    world.store(1)
    world.offload(0, storage_class="GLACIER")
    world.replay(restore_days=1)

    with pytest.raises(OperatorError, match="in an archive"):
        world.replay()

    world.s3.finish_restores()
    assert 1 == world.replay().progress.sent
    assert 1 == world.begun


def test_a_payload_that_is_gone_stops_the_replay_unless_it_is_to_be_left_out(world: ReplayWorld):
    ids = world.store(2 * PAGE)
    key = world.offload(PAGE + 1, storage_class=None)

    with pytest.raises(
        OperatorError, match=rf"payloads of 1 of the next 25 events are gone from S3, {key} .*--leave-out"
    ):
        world.replay()
    assert ids[:PAGE] == world.queue.ids
    result = world.replay(leave_out_missing=True)

    assert [event_id for event_id in ids if event_id != "e-00026"] == world.queue.ids
    assert (2 * PAGE - 1, 1) == (result.progress.sent, result.progress.left_out)
    listed = world.files.left_out("replay-1").read_text().splitlines()
    assert [{"event_id": "e-00026", "payload_key": key, "reason": "The payload is gone."}] == [
        json.loads(line) for line in listed
    ]


def test_events_that_are_left_out_are_listed_once_however_often_the_run_is_stopped(world: ReplayWorld):
    world.store(3 * PAGE)
    for n in (1, PAGE + 1, 2 * PAGE + 1):
        world.offload(n, storage_class=None)
    # Killed in the second page.
    world.queue.before = after(4)
    with pytest.raises(Killed):
        world.replay(leave_out_missing=True)
    # What a process may write between its last two steps.
    ListedFile(world.files.left_out("replay-1"), size=10_000).append([{"event_id": "e-00026"}])
    world.queue.before = lambda: None

    result = world.replay(leave_out_missing=True)

    listed = world.files.left_out("replay-1").read_text().splitlines()
    assert ["e-00001", "e-00026", "e-00051"] == [json.loads(line)["event_id"] for line in listed]
    assert (3 * PAGE - 3, 3) == (result.progress.sent, result.progress.left_out)


def test_an_archive_is_not_a_payload_that_is_gone(world: ReplayWorld):
    world.store(1)
    world.offload(0, storage_class="GLACIER")

    with pytest.raises(OperatorError, match="in an archive"):
        world.replay(leave_out_missing=True)
