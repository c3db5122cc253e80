"""The dead-letter queue under the operator's commands, with moto's SQS: nothing is lost, doubled, or kept hidden."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fluxa.errors import OperatorError
from fluxa.operate.dead_letter_payload import payload_of
from fluxa.operate.dead_letter_queue import Walk, first
from fluxa.operate.dead_letters import DeadLetter, Selection
from fluxa.operate.drop import count, drop
from fluxa.operate.redrive import Redriver, Tally
from functions.common.envelope import attributes_of, encode
from tests.support.envelopes import BUCKET, an_envelope, an_offloaded_envelope


@dataclass
class Queues:
    sqs: Any
    main: str
    dead: str

    def park(self, event_id: str, *, reason: str | None = "out_of_stock", **fields: Any) -> str:
        """Put a message there as the processor does, or for no reason as SQS does."""
        envelope = an_envelope(event_id, **fields)
        given = {"dead_letter_reason": reason, "dead_letter_error": "No more.", "original_message_id": "m-1"}
        added = {
            name: {"DataType": "String", "StringValue": value} for name, value in given.items() if reason and value
        }
        return self.put(encode(envelope), attributes_of(envelope) | added)

    def put(self, body: str, attributes: dict[str, Any] | None = None) -> str:
        sent = self.sqs.send_message(QueueUrl=self.dead, MessageBody=body, MessageAttributes=attributes or {})
        return str(sent["MessageId"])

    def visible(self, url: str) -> int:
        """Count what anybody would be given right now."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def on_main(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.main, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            found += messages
        return found

    def redriver(self, selection: Selection | None = None, **options: Any) -> Redriver:
        return Redriver(
            sqs=self.sqs,
            dead_letter_queue_url=self.dead,
            queue_url=self.main,
            selection=selection or Selection(),
            **options,
        )

    def redrive(self, selection: Selection | None = None, *, dry_run: bool = False, **options: Any) -> Tally:
        return self.redriver(selection, **options).redrive(lambda _: None, dry_run=dry_run)


@pytest.fixture
def queues() -> Iterator[Queues]:
    with mock_aws():
        sqs = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
        main, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("main", "dead"))
        receive = sqs.receive_message
        # An empty queue is known to be empty here: nobody has to wait for it.
        sqs.receive_message = lambda **request: receive(**request | {"WaitTimeSeconds": 0})
        yield Queues(sqs, main, dead)


def everything(queues: Queues, limit: int = 1000) -> list[DeadLetter]:
    with Walk(queues.sqs, queues.dead) as walk:
        return first(walk, Selection().matches, limit)


def test_looking_takes_nothing_out_and_leaves_nothing_hidden(queues: Queues):
    for n in range(25):
        queues.park(f"e-{n}")

    assert {f"e-{n}" for n in range(25)} == {letter.event_id for letter in everything(queues)}
    assert 25 == queues.visible(queues.dead)
    assert 3 == len(everything(queues, limit=3))
    assert 25 == queues.visible(queues.dead)


def test_a_message_that_comes_twice_is_listed_once(queues: Queues):
    queues.park("e-1")
    queues.park("e-2")

    with Walk(queues.sqs, queues.dead) as walk:
        letters = walk.letters()
        seen = [letter.event_id for letter in next(letters)]
        for letter in list(walk._held.values()):  # noqa: SLF001 - as if its time of being hidden were over
            queues.sqs.change_message_visibility(
                QueueUrl=queues.dead, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )
        seen += [letter.event_id for rest in letters for letter in rest]

    assert ["e-1", "e-2"] == sorted(filter(None, seen))


def test_a_dead_letter_tells_why_and_what(queues: Queues):
    queues.park("e-1", user_id="u1", source="shop")
    queues.park("e-2", reason=None)
    foreign = queues.put("hello")

    letters = {letter.event_id: letter for letter in everything(queues)}

    known = letters["e-1"].document()
    assert ("out_of_stock", "No more.", "order.created", "u1", "c-1") == tuple(
        known[name] for name in ("reason", "error", "type", "user_id", "correlation_id")
    )
    assert ("none", None, False) == (letters["e-2"].reason, letters["e-2"].error, letters["e-2"].is_foreign)
    assert (foreign, True) == (letters[None].message_id, letters[None].is_foreign)


def test_redriven_messages_are_as_they_were_before_they_died(queues: Queues):
    queues.park("e-1")

    tally = queues.redrive()

    (message,) = queues.on_main()
    envelope = an_envelope("e-1")
    assert (encode(envelope), {*attributes_of(envelope), "replay_id"}) == (
        message["Body"],
        set(message["MessageAttributes"]),
    )
    assert (1, {"out_of_stock": 1}, True) == (tally.moved, dict(tally.reasons), tally.is_complete)
    assert 0 == queues.visible(queues.dead)


def test_redriving_all_moves_each_once(queues: Queues):
    for n in range(37):
        queues.park(f"e-{n}", reason="a" if n % 2 else None)

    tally = queues.redrive()

    assert (37, Counter(none=19, a=18)) == (tally.moved, tally.reasons)
    assert {f"e-{n}": 1 for n in range(37)} == Counter(
        json.loads(item["Body"])["event_id"] for item in queues.on_main()
    )
    assert 0 == queues.redrive().moved


@pytest.mark.parametrize(
    ("selection", "moved"),
    [
        (Selection(reason="a"), {"a-order", "a-user"}),
        (Selection(reason="none"), {"none-order"}),
        (Selection(type="user.created"), {"a-user"}),
        (Selection(reason="a", type="order.created"), {"a-order"}),
        (Selection(ids=frozenset({"none-order", "a-user"})), {"none-order", "a-user"}),
    ],
)
def test_only_what_matches_every_filter_is_redriven(queues: Queues, selection: Selection, moved: set[str]):
    queues.park("a-order", reason="a")
    queues.park("a-user", reason="a", type="user.created")
    queues.park("none-order", reason=None)

    queues.redrive(selection)

    assert moved == {json.loads(item["Body"])["event_id"] for item in queues.on_main()}
    assert 3 - len(moved) == queues.visible(queues.dead)


def test_a_rehearsal_counts_and_moves_nothing(queues: Queues):
    queues.park("e-1")
    queues.park("e-2", reason=None)

    tally = queues.redrive(dry_run=True)

    assert (2, Counter(out_of_stock=1, none=1)) == (tally.moved, tally.reasons)
    assert (2, 0) == (queues.visible(queues.dead), queues.visible(queues.main))


@pytest.mark.parametrize("body", ["hello", "{}", '{"version":"99"}'])
def test_a_foreign_message_stays_unless_it_is_forced(queues: Queues, body: str):
    queues.put(body)

    kept = queues.redrive()

    assert (0, 1, False) == (kept.moved, kept.foreign, kept.is_complete)
    assert 1 == queues.visible(queues.dead)
    assert (1, True) == ((forced := queues.redrive(force=True)).moved, forced.is_complete)
    assert [body] == [item["Body"] for item in queues.on_main()]


def test_what_fails_again_meanwhile_does_not_go_round_for_ever(queues: Queues):
    """The processor of this stack parks at once whatever it is sent, as it does while a handler is still broken."""
    for n in range(3):
        queues.park(f"e-{n}")
    # The server's clock tells whole seconds.
    time.sleep(1.1)
    rounds = 0

    def report(_: int) -> None:
        nonlocal rounds
        rounds += 1
        assert rounds < 20, "it goes round"
        for message in queues.on_main():
            queues.put(message["Body"], message["MessageAttributes"])
            queues.sqs.delete_message(QueueUrl=queues.main, ReceiptHandle=message["ReceiptHandle"])

    tally = queues.redriver().redrive(report)

    assert (3, 3) == (tally.moved, tally.returned)
    assert 3 == queues.visible(queues.dead)


def test_messages_that_sqs_refuses_stay_and_are_counted(queues: Queues, monkeypatch: pytest.MonkeyPatch):
    queues.park("e-1")
    queues.park("e-2")
    send = queues.sqs.send_message_batch

    def send_first(*, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        answer = send(QueueUrl=QueueUrl, Entries=Entries[:1])
        return answer | {"Failed": [{"Id": entry["Id"], "SenderFault": False, "Code": "x"} for entry in Entries[1:]]}

    queues.sqs.send_message_batch = send_first

    tally = queues.redrive()

    assert (1, 1, False) == (tally.moved, tally.refused, tally.is_complete)
    assert (1, 1) == (queues.visible(queues.dead), queues.visible(queues.main))


def test_killed_between_sending_and_deleting_nothing_is_lost(queues: Queues):
    for n in range(5):
        queues.park(f"e-{n}")
    delete = queues.sqs.delete_message_batch

    def killed(**_: Any) -> None:
        raise KeyboardInterrupt

    queues.sqs.delete_message_batch = killed
    with pytest.raises(KeyboardInterrupt):
        queues.redrive()
    queues.sqs.delete_message_batch = delete

    assert 5 == queues.redrive().moved
    assert {f"e-{n}" for n in range(5)} == {json.loads(item["Body"])["event_id"] for item in queues.on_main()}


def test_large_messages_travel_in_as_many_calls_as_they_need(queues: Queues):
    for n in range(6):
        queues.park(f"e-{n}", payload=json.dumps("x" * 400_000))
    sizes: list[int] = []
    send = queues.sqs.send_message_batch

    def measured(**request: Any) -> Any:
        sizes.append(sum(len(entry["MessageBody"]) for entry in request["Entries"]))
        return send(**request)

    queues.sqs.send_message_batch = measured

    assert 6 == queues.redrive().moved
    assert max(sizes) < 1_048_576


def test_a_rate_is_kept(queues: Queues):
    for n in range(7):
        queues.park(f"e-{n}")
    naps: list[float] = []

    queues.redrive(rate=2.0, sleep=naps.append)

    assert pytest.approx(3.5) == sum(naps)
    assert {0.5, 1.0} >= set(naps)


def test_dropped_messages_are_kept_in_a_file_of_the_owners(queues: Queues, tmp_path: Path):
    queues.park("e-1", reason="a")
    queues.park("e-2", reason="b")
    foreign = queues.put("hello")
    keep = tmp_path / "kept.jsonl"
    selection = Selection(ids=frozenset({"e-1", foreign}))

    assert 2 == count(queues.sqs, queues.dead, selection)
    assert 2 == drop(queues.sqs, queues.dead, selection, keep, lambda _: None)

    kept = {item["message_id"]: item for item in map(json.loads, keep.read_text().splitlines())}
    assert "hello" == kept.pop(foreign)["body"]
    (ours,) = kept.values()
    assert (encode(an_envelope("e-1")), "a") == (ours["body"], ours["attributes"]["dead_letter_reason"])
    assert "0o600" == oct(keep.stat().st_mode & 0o777)
    assert ["e-2"] == [letter.event_id for letter in everything(queues)]


def test_what_cannot_be_kept_is_not_dropped(queues: Queues, tmp_path: Path):
    queues.park("e-1")

    with pytest.raises(OperatorError, match=r"cannot be written \(No such file or directory\), so nothing was dropped"):
        drop(queues.sqs, queues.dead, Selection(), tmp_path / "none" / "kept", lambda _: None)

    assert 1 == queues.visible(queues.dead)


def test_dropping_nothing_leaves_no_file(queues: Queues, tmp_path: Path):
    assert 0 == drop(queues.sqs, queues.dead, Selection(), tmp_path / "kept", lambda _: None)
    assert [] == list(tmp_path.iterdir())


def a_letter(envelope: Any) -> DeadLetter:
    return DeadLetter.from_message(
        {"MessageId": "m", "ReceiptHandle": "r", "Body": encode(envelope), "Attributes": {"SentTimestamp": "0"}}
    )


def test_a_payload_is_shown_to_the_letter_wherever_it_lies(queues: Queues):
    text = '{"n": 1.00, "n": 2}'
    s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    s3.create_bucket(Bucket=BUCKET)
    offloaded = an_offloaded_envelope("e-1", payload=text)
    s3.put_object(Bucket=BUCKET, Key=offloaded.payload_ref.key, Body=text.encode())

    assert (text, None) == payload_of(a_letter(an_envelope("e-1", payload=text)), s3, BUCKET)
    assert (text, None) == payload_of(a_letter(offloaded), s3, BUCKET)


def test_a_payload_elsewhere_or_gone_is_not_fetched(queues: Queues):
    s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    s3.create_bucket(Bucket=BUCKET)
    letter = a_letter(an_offloaded_envelope("e-1"))

    assert "points outside the payload bucket" in (payload_of(letter, s3, "another")[1] or "")
    assert "NoSuchKey" in (payload_of(letter, s3, BUCKET)[1] or "")
