"""What leads to something goes after it, others' things stay, and work that is cut off is taken up again."""

import json
from datetime import timedelta

import pytest

from functions.common.errors import DatabaseBusy, PayloadStoreUnavailable
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.maintenance.erase import RESERVE_SECONDS, Eraser
from functions.maintenance.erasure import KeyTrace, StoredTrace
from tests.support.fakes_erasure import (
    NOON,
    FakeDeadLetters,
    FakePayloadErasure,
    FakeTraces,
    a_parked_event,
    a_payload,
    an_erasure,
)


class Stage:
    """An eraser over fakes that write into one journal."""

    def __init__(self, *letters, is_held_elsewhere=False):
        self.journal = []
        self.lines = []
        self.queue = FakeDeadLetters(*letters, is_held_elsewhere=is_held_elsewhere, journal=self.journal)
        self.bucket = FakePayloadErasure(self.journal)
        self.traces = FakeTraces(self.journal)
        self.metrics = Metrics(service=Service.MAINTENANCE, stack="test", write=self.lines.append)

    def work(self, *erasures, seconds=60.0):
        left = iter(seconds) if isinstance(seconds, list) else None
        eraser = Eraser(dead_letters=self.queue, payloads=self.bucket, metrics=self.metrics)
        return eraser.work(self.traces, erasures or (an_erasure(),), lambda: next(left) if left else seconds)


def a_row(event_id, key=None):
    return StoredTrace(event_id=event_id, received_at=NOON, payload_ref=key and a_payload(key))


def test_objects_go_before_what_leads_to_them():
    stage = Stage(a_parked_event("m-1", payload_ref=a_payload("parked")))
    stage.traces.rows["er-1"] = [a_row("e-1", "first"), a_row("e-2"), a_row("e-3", "third")]
    stage.traces.key_traces["er-1"] = [KeyTrace(event_id="e-4", payload_key="lost")]

    assert 1 == stage.work()
    assert [
        "object parked",
        "letter m-1",
        "object first",
        "row e-1",
        "row e-2",
        "object third",
        "row e-3",
        "object lost",
        "key e-4",
    ] == stage.journal
    assert ["er-1"] == stage.traces.settled


def test_letters_of_others_and_later_ones_stay():
    later = a_parked_event("later", received_at=NOON + timedelta(microseconds=1))
    others = [a_parked_event("other", user_id="u-2"), a_parked_event("nobody", user_id=None), later]
    stage = Stage(a_parked_event("m-1", received_at=NOON), *others, a_parked_event("m-2"))

    stage.work()

    assert others == stage.queue.left
    assert [("er-1", ["m-1"]), ("er-1", ["m-2"])] == stage.traces.counted


def test_an_object_that_somebody_elses_event_needs_stays():
    stage = Stage(a_parked_event("m-1", payload_ref=a_payload("shared")))
    stage.traces.key_traces["er-1"] = [KeyTrace(event_id="e-4", payload_key="shared")]
    stage.traces.needed = {"shared"}

    stage.work()

    assert ["letter m-1", "key e-4"] == stage.journal


def test_a_letter_that_sqs_keeps_is_not_counted():
    stage = Stage(a_parked_event("m-1"), a_parked_event("m-2"))
    stage.queue.stuck = {"m-1"}

    stage.work()

    assert [("er-1", ["m-2"])] == stage.traces.counted


def test_an_erasure_is_not_done_while_somebody_hides_dead_letters_from_it():
    stage = Stage(is_held_elsewhere=True)
    stage.traces.rows["er-1"] = [a_row("e-1")]

    assert 0 == stage.work()
    assert (["row e-1"], []) == (stage.journal, stage.traces.settled)


@pytest.mark.parametrize("steps", range(6))
def test_when_time_runs_short_the_rest_waits_and_the_erasure_is_not_done(steps):
    stage = Stage(a_parked_event("m-1"), a_parked_event("m-2"), a_parked_event("m-3"))
    stage.traces.rows["er-1"] = [a_row("e-1"), a_row("e-2")]

    assert 0 == stage.work(seconds=[60.0] * steps + [RESERVE_SECONDS / 2] * 10)
    assert [] == stage.traces.settled

    assert 1 == stage.work()
    assert ["letter m-1", "letter m-2", "letter m-3", "row e-1", "row e-2"] == sorted(stage.journal)


def test_one_look_at_the_queue_serves_every_erasure():
    stage = Stage(a_parked_event("m-1"), a_parked_event("m-2", user_id="u-2"))

    assert 2 == stage.work(an_erasure("er-1"), an_erasure("er-2", user_id="u-2"))
    assert 1 == stage.queue.looks
    assert [("er-1", ["m-1"]), ("er-2", ["m-2"])] == stage.traces.counted


def test_an_erasure_that_somebody_works_at_is_left_to_them():
    stage = Stage(a_parked_event("m-1"))
    stage.traces.busy = {"er-1"}

    assert 0 == stage.work()
    assert ([], 0) == (stage.journal, stage.queue.looks)


def test_one_that_fails_keeps_no_other_from_its_end_and_is_heard(capsys):
    stage = Stage()
    stage.traces.errors["er-1"] = DatabaseBusy("locked")

    with pytest.raises(DatabaseBusy, match="locked"):
        stage.work(an_erasure("er-1"), an_erasure("er-2", user_id="u-2"))

    assert ["er-2"] == stage.traces.settled
    assert "u-1" not in capsys.readouterr().out


def test_a_row_stays_when_its_object_cannot_be_deleted():
    stage = Stage()
    stage.traces.rows["er-1"] = [a_row("e-1", "first")]
    stage.bucket.error = PayloadStoreUnavailable("S3 refused.")

    with pytest.raises(PayloadStoreUnavailable, match="refused"):
        stage.work()

    assert [] == stage.journal
    assert 1 == len(stage.traces.rows["er-1"])


def test_erased_events_are_counted_and_nobody_is_named():
    stage = Stage()
    stage.traces.rows["er-1"] = [a_row("e-1"), a_row("e-2")]

    stage.work()
    stage.metrics.flush()

    (line,) = stage.lines
    assert 2 == json.loads(line)["EventsErased"]
    assert "u-1" not in line
