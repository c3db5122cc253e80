"""Events that failed: found by the API's list, redriven from moto's dead-letter queue, and accounted for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fluxa.operate.api import Api
from fluxa.operate.dead_letter_queue import Walk
from fluxa.operate.dead_letters import Selection
from fluxa.operate.redrive import Redriver
from fluxa.operate.replay_dead_letters import DeadLettersReplayed, replay_dead_letters
from fluxa.operate.stored_pages import Place, StoredPages
from functions.common.envelope import attributes_of, encode
from tests.support.batch_server import BatchServer
from tests.support.envelopes import an_envelope
from tests.support.stored_listing import StoredListing, an_event, moment


@dataclass
class Failures:
    api: Api
    listing: StoredListing
    sqs: Any
    main: str
    dead: str
    selections: list[Selection] = field(default_factory=list)

    def know(self, *numbers: int, status: str = "dead_lettered", **fields: Any) -> None:
        self.listing.stored += [an_event(n, status=status, **fields) for n in numbers]

    def park(self, *numbers: int) -> None:
        for n in numbers:
            envelope = an_envelope(f"e-{n:05}")
            self.sqs.send_message(
                QueueUrl=self.dead, MessageBody=encode(envelope), MessageAttributes=attributes_of(envelope)
            )

    def replay(self, status: str = "dead_lettered", *, dry_run: bool = False) -> DeadLettersReplayed:
        def redriver(selection: Selection) -> Redriver:
            self.selections.append(selection)
            return Redriver(sqs=self.sqs, dead_letter_queue_url=self.dead, queue_url=self.main, selection=selection)

        place = Place(filters={"status": status, "to": moment(10_000)})
        pages = StoredPages(api=self.api, limit=5)
        return replay_dead_letters(pages, place, redriver, lambda _: None, dry_run=dry_run)

    def on_main(self) -> list[str]:
        found: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.main, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"])["event_id"] for message in messages]
        return sorted(found)

    def left(self) -> int:
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])


@pytest.fixture
def failures(server: BatchServer, api: Api) -> Iterator[Failures]:
    server.listing = listing = StoredListing()
    with mock_aws():
        sqs = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        main, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("main", "dead"))
        receive = sqs.receive_message
        # An empty queue is known to be empty here: nobody has to wait for it.
        sqs.receive_message = lambda **request: receive(**request | {"WaitTimeSeconds": 0})
        yield Failures(api, listing, sqs, main, dead)


def test_the_dead_letters_of_the_events_that_are_meant_are_redriven_and_no_others(failures: Failures):
    failures.know(*range(12))
    failures.know(50, type="user.created", status="failed")
    failures.park(*range(12), 50, 99)

    done = failures.replay()

    assert [f"e-{n:05}" for n in range(12)] == failures.on_main()
    assert (2, 12, ()) == (failures.left(), done.tally.moved, done.elsewhere)
    assert 1 == len(failures.selections), "one walk: it hides what it has seen"


def test_events_without_a_dead_letter_are_named_and_not_passed_over(failures: Failures):
    failures.know(*range(7), type="a")
    failures.know(7, type=None)
    failures.park(1, 3)

    done = failures.replay()

    assert tuple(f"e-{n:05}" for n in (0, 2, 4, 5, 6, 7)) == done.elsewhere
    assert ({"a": 7, "unknown": 1}, 2) == (dict(done.types), done.tally.moved)


def test_where_no_event_is_meant_no_dead_letter_is_touched(failures: Failures):
    """A selection without ids would mean all of them."""
    failures.park(1, 2, 3)

    done = failures.replay()

    assert (0, 3, []) == (done.tally.moved, failures.left(), failures.selections)


def test_a_rehearsal_moves_nothing_and_knows_the_same(failures: Failures):
    failures.know(1, 2, 3)
    failures.park(1, 2)

    done = failures.replay(dry_run=True)

    assert (2, ("e-00003",)) == (done.tally.moved, done.elsewhere)
    assert (2, []) == (failures.left(), failures.on_main())


def test_what_sqs_refuses_has_a_dead_letter_all_the_same(failures: Failures):
    failures.know(1)
    failures.park(1)
    refused = {"Successful": [], "Failed": [{"Id": "0", "Code": "x", "SenderFault": False}]}
    failures.sqs.send_message_batch = lambda **_: refused

    done = failures.replay()

    assert (0, 1, ()) == (done.tally.moved, done.tally.refused, done.elsewhere)


def test_what_somebody_else_is_looking_at_is_told(failures: Failures):
    failures.know(1, 2)
    failures.park(1, 2)
    with Walk(failures.sqs, failures.dead) as walk:
        list(walk.letters())

        done = failures.replay()

    assert (2, ("e-00001", "e-00002")) == (done.tally.hidden, done.elsewhere)
