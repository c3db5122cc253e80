"""`fluxa replay` as a command line: what it asks for, says, keeps, and leaves with."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fluxa.cli import run
from fluxa.operate.moments import parse_moment
from functions.common.envelope import attributes_of, encode
from functions.common.replay import decode_replay
from tests.support.batch_server import BatchServer, batch_server
from tests.support.envelopes import an_envelope
from tests.support.stored_listing import StoredListing, an_event

REFUSED = (403, {"message": "Forbidden"}, {})


@dataclass
class Operator:
    """Types commands in a folder of their own, and reads what they print."""

    server: BatchServer
    listing: StoredListing
    folder: Path
    capsys: pytest.CaptureFixture[str]
    outputs: Path
    sqs: Any
    s3: Any

    def types(self, *arguments: str) -> tuple[int, str, str]:
        code = run(["replay", *arguments, "--outputs", str(self.outputs)])
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def sent(self, queue: str = "events") -> list[Any]:
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found: list[Any] = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [decode_replay(message["Body"]) or json.loads(message["Body"]) for message in messages]
        return found

    def park(self, event_id: str) -> None:
        envelope = an_envelope(event_id)
        self.sqs.send_message(
            QueueUrl=self.sqs.get_queue_url(QueueName="dead-letters")["QueueUrl"],
            MessageBody=encode(envelope),
            MessageAttributes=attributes_of(envelope),
        )

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with batch_server() as server, mock_aws():
        server.listing = listing = StoredListing()
        sqs, s3 = (boto3.client(name, region_name="eu-central-1") for name in ("sqs", "s3"))
        s3.create_bucket(Bucket="payloads", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        document = server.outputs()
        for output, name in (("queue_url", "events"), ("dead_letter_queue_url", "dead-letters")):
            document[output] = sqs.create_queue(QueueName=name)["QueueUrl"]
        outputs = tmp_path / "outputs.json"
        outputs.write_text(json.dumps(document), encoding="utf-8")
        yield Operator(server, listing, folder, capsys, outputs, sqs, s3)


@pytest.mark.parametrize("taught", ["Examples", "Exit codes", "--dry-run", "resume.json", "replay=True", "--status"])
def test_the_command_teaches_what_it_does(taught: str, capsys: pytest.CaptureFixture[str]):
    assert 0 == run(["replay", "--help"])
    assert taught in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "yesterday"),
        ("--to", "soon"),
        ("--status", "lost"),
        ("--rate", "0"),
        ("--restore", "0"),
        ("--name", "no spaces"),
        ("--status", "failed", "--restore", "1"),
        ("--status", "dead_lettered", "--name", "x"),
        ("--status", "dead_lettered", "--restart"),
        ("--status", "failed", "--leave-out-missing"),
    ],
)
def test_a_wrong_command_line_leaves_with_two(arguments: tuple[str, ...]):
    assert 2 == run(["replay", *arguments])


def test_filters_reach_the_api_and_the_result_is_one_line(operator: Operator):
    operator.listing.stored = [
        an_event(n, type="a", user_id="u1", source="shop", correlation_id="c-1") for n in range(3)
    ]
    filters = ("--type", "a", "--user", "u1", "--source", "shop", "--correlation-id", "c-1")

    code, out, err = operator.types(
        *filters, "--from", "2026-11-23T12:00:01Z", "--to", "2026-11-23T13:00:00+01:00", "--json"
    )

    assert (0, "") == (code, err)
    result = json.loads(out)
    assert {"dry_run": False, "replay_id": result["replay_id"], "sent": 0, "left_out": 0, "restoring": 0} == result
    assert {
        "type": "a",
        "user_id": "u1",
        "source": "shop",
        "correlation_id": "c-1",
        "from": "2026-11-23T12:00:01.000000Z",
        "to": "2026-11-23T12:00:00.000000Z",
        "status": "completed",
        "order": "oldest",
        "limit": "1000",
    } == operator.listing.asked[0]


def test_without_an_end_it_ends_with_what_was_there_when_it_began(operator: Operator):
    operator.listing.stored = [an_event(0)]

    assert "1 sent in the replay " in operator.types()[1]

    to = parse_moment(operator.listing.asked[0]["to"])
    assert timedelta(seconds=-5) < datetime.now(UTC) - to < timedelta(seconds=5)
    assert to.microsecond == 0


def test_a_replay_has_an_id_of_its_own_unless_it_is_named(operator: Operator):
    operator.listing.stored = [an_event(0)]
    for arguments in ((), (), ("--name", "repair-7"), ("--name", "repair-7")):
        assert 0 == operator.types(*arguments)[0]

    first, second, *named = [request.replay_id for request in operator.sent()]
    assert len({first, second}) == 2
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", first)
    assert ["repair-7", "repair-7"] == named


@pytest.mark.parametrize("name", [None, "repair-7"])
def test_stopped_it_says_how_far_it_is_and_the_same_command_goes_on(operator: Operator, name: str | None):
    operator.listing.stored = [an_event(n) for n in range(30)]
    operator.listing.page_at_most = 20
    listing, pages = operator.listing, 0

    def one_page(parameters: dict[str, str]) -> Any:
        nonlocal pages
        pages += 1
        return listing(parameters) if pages == 1 else REFUSED

    operator.server.listing = one_page
    command = ("--from", "9000h", "--type", "order.created", *(("--name", name) if name else ()))

    code, out, err = operator.types(*command)

    assert (1, "") == (code, out)
    assert err.endswith(" 20 sent; run the same command again to go on.\n")
    assert [f"fluxa-replay{'-' + name if name else ''}.resume.json"] == operator.files
    operator.server.listing = listing
    assert "30 sent in the replay " in operator.types(*command)[1]
    assert [] == operator.files
    # Six hours before now are other hours each time; this replay's stay.
    assert 1 == len({asked["from"] for asked in listing.asked})
    requests = operator.sent()
    assert (30, 1) == (len({one.event_id for one in requests}), len({one.replay_id for one in requests}))


def test_other_filters_do_not_go_on_where_a_replay_was_stopped(operator: Operator):
    operator.listing.stored = [an_event(n) for n in range(21)]
    operator.listing.page_at_most = 20
    listing = operator.listing
    operator.server.listing = lambda asked: REFUSED if "cursor" in asked else listing(asked)
    assert 1 == operator.types("--from", "7d", "--type", "order.created")[0]
    operator.server.listing = listing

    code, _, err = operator.types("--from", "6d")

    assert 1 == code
    assert "(--from 7d --type order.created; not --from 6d): repeat that to go on" in err
    assert 0 == operator.types("--from", "6d", "--name", "another")[0]
    assert 0 == operator.types("--from", "6d", "--restart")[0]


def test_a_rehearsal_counts_and_neither_sends_nor_keeps_anything(operator: Operator):
    operator.listing.stored = [
        an_event(0),
        an_event(1, type="[red]x[/red]"),
        an_event(2, payload_key="payloads/gone"),
        an_event(3, payload_key="payloads/cold"),
    ]
    operator.s3.put_object(Bucket="payloads", Key="payloads/cold", Body=b"{}", StorageClass="GLACIER")

    code, out, _ = operator.types("--dry-run", "--json")

    assert (0, [], []) == (code, operator.sent(), operator.files)
    assert {
        "dry_run": True,
        "events": 4,
        "types": {"order.created": 3, "[red]x[/red]": 1},
        "payloads": {"inline": 2, "readable": 0, "archived": 1, "restoring": 0, "missing": 1},
    } == json.loads(out)
    code, out, _ = operator.types("--dry-run")
    assert 0 == code
    assert "[red]x[/red]" in out
    assert "4 events.\nPayloads: 2 in the table, 2 in S3.\n1 archived: --restore DAYS has S3 fetch them.\n1 gone" in out


def test_archived_payloads_are_waited_for_with_three(operator: Operator):
    operator.listing.stored = [an_event(0, payload_key="payloads/cold")]
    operator.s3.put_object(Bucket="payloads", Key="payloads/cold", Body=b"{}", StorageClass="GLACIER")

    code, _, err = operator.types()
    assert 1 == code
    assert "payloads/cold among them: add --restore DAYS" in err
    assert err.endswith(" 0 sent; run the same command again to go on.\n")
    code, out, err = operator.types("--restore", "2")

    assert (3, "0 sent in the replay ", []) == (code, out[:21], operator.sent())
    assert "S3 is fetching the payloads of 1 events, which takes three to five hours for GLACIER" in err
    # Moto restores at once.
    assert (0, 1) == (operator.types("--restore", "2")[0], len(operator.sent()))


def test_events_without_a_payload_are_left_out_with_three_and_named_in_a_file(operator: Operator):
    operator.listing.stored = [an_event(0), an_event(1, payload_key="payloads/gone")]

    assert 1 == operator.types()[0]
    code, _, err = operator.types("--leave-out-missing")

    (file,) = operator.files
    assert (3, 1) == (code, len(operator.sent()))
    assert f"1 left out, because their payload is gone: {file} names them.\n" == err
    assert "e-00001" == json.loads((operator.folder / file).read_text())["event_id"]


def test_dead_letters_of_events_are_redriven(operator: Operator):
    operator.listing.stored = [an_event(n, status="dead_lettered") for n in range(3)]
    for n in (0, 1, 2, 9):
        operator.park(f"e-{n:05}")

    code, out, err = operator.types("--status", "dead_lettered")

    assert (0, "3 redriven: none 3.\n", "") == (code, out, err)
    assert ["e-00000", "e-00001", "e-00002"] == sorted(message["event_id"] for message in operator.sent())
    assert [] == operator.files


@pytest.mark.parametrize(("gone", "named"), [(2, "e-00001, e-00002."), (12, "e-00010 and 2 more. fluxa-replay-")])
def test_events_whose_dead_letter_is_gone_are_named_with_three(operator: Operator, gone: int, named: str):
    operator.listing.stored = [an_event(n, status="dead_lettered") for n in range(gone + 1)]
    operator.park("e-00000")

    code, out, err = operator.types("--status", "dead_lettered", "--json")

    assert (3, (1, gone)) == (code, (json.loads(out)["moved"], json.loads(out)["without_dead_letter"]))
    assert f"{gone} have no dead letter: it was dropped or has expired, or was redriven a moment ago: " in err
    assert named in err
    if gone > 10:
        (file,) = operator.files
        assert gone == len((operator.folder / file).read_text().splitlines())


def test_events_that_are_still_tried_need_nobody(operator: Operator):
    operator.listing.stored = [an_event(n, status="failed") for n in range(3)]
    operator.park("e-00000")

    code, out, err = operator.types("--status", "failed")

    assert (0, "1 redriven: none 1.\n") == (code, out)
    assert "2 have no dead letter: they are on the main queue, and tried by themselves.\n" == err


def test_a_rehearsal_of_dead_letters_moves_none(operator: Operator):
    operator.listing.stored = [an_event(n, status="dead_lettered") for n in range(3)]
    operator.park("e-00000")

    code, out, _ = operator.types("--status", "dead_lettered", "--dry-run")

    assert (0, [], []) == (code, operator.sent(), operator.files)
    assert "3 events.\n1 would be redriven: none 1.\n" in out


def test_a_rate_is_kept_and_reads_small_pages(operator: Operator):
    operator.listing.stored = [an_event(n) for n in range(30)]
    began = datetime.now(UTC)

    assert 0 == operator.types("--rate", "40")[0]

    assert datetime.now(UTC) - began > timedelta(seconds=0.5)
    assert "400" == operator.listing.asked[0]["limit"]
    assert 30 == len(operator.sent())
