"""`fluxa replay` as a process of its own, with the emulator's SQS and S3: killed anywhere, it leaves nobody out."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fluxa.local.emulator import Emulator
from functions.common.identifiers import new_id
from functions.common.replay import ReplayRequest, decode_replay
from tests.support.api import eventually
from tests.support.batch_server import BatchServer, batch_server
from tests.support.stored_listing import StoredListing, an_event

EVENTS = 200
PAGE = 40


@dataclass
class Stack:
    """The emulator's queue and bucket, behind an API whose list pauses when it is told to."""

    emulator: Emulator
    server: BatchServer
    folder: Path
    queue_url: str
    bucket: str

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        document = self.server.outputs() | {
            "aws_endpoint_url": self.emulator.endpoint_url,
            "region": self.emulator.region,
            "access_key_id": self.emulator.access_key_id,
            "secret_access_key": self.emulator.secret_access_key,
            "queue_url": self.queue_url,
            "payload_bucket": self.bucket,
        }
        outputs = self.folder / "outputs.json"
        outputs.write_text(json.dumps(document), encoding="utf-8")
        return subprocess.Popen(
            (sys.executable, "-m", "fluxa.cli", "replay", "--outputs", str(outputs), "--json", *arguments),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def requests(self) -> list[ReplayRequest]:
        found: list[ReplayRequest | None] = []
        sqs = self.emulator.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            found += [decode_replay(message["Body"]) for message in messages]
        return [request for request in found if request is not None]


@pytest.fixture
def stack(emulator: Emulator, tmp_path: Path) -> Iterator[Stack]:
    name = f"replay-{new_id()}"
    attributes = {"VisibilityTimeout": "300"}
    queue_url = emulator.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    emulator.client("s3").create_bucket(Bucket=name)
    with batch_server() as server:
        yield Stack(emulator, server, tmp_path, queue_url, name)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_stopped_in_the_middle_the_same_command_sends_the_rest(stack: Stack, number: signal.Signals):
    listing = StoredListing()
    listing.page_at_most = PAGE
    listing.stored = [an_event(n) for n in range(EVENTS)]
    middle, go_on = threading.Event(), threading.Event()

    def pause_in_the_middle(parameters: dict[str, str]) -> Any:
        if len(listing.asked) == 3:
            middle.set()
            go_on.wait(30)
        return listing(parameters)

    stack.server.listing = pause_in_the_middle
    first = stack.start("--type", "order.created")
    assert middle.wait(60), finish(first)
    first.send_signal(number)
    if number is signal.SIGKILL:
        assert (-9, "", "") == finish(first)
        go_on.set()
    else:
        go_on.set()
        assert (1, "", f"fluxa: Stopped. {3 * PAGE} sent; run the same command again to go on.\n") == finish(first)
    assert (stack.folder / "fluxa-replay.resume.json").exists()

    code, out, err = finish(stack.start("--type", "order.created"))

    result = json.loads(out)
    assert (0, "", EVENTS) == (code, err, result["sent"])
    requests = stack.requests()
    assert [event["event_id"] for event in listing.stored] == sorted({request.event_id for request in requests})
    assert {result["replay_id"]} == {request.replay_id for request in requests}
    assert len(requests) == EVENTS, "what was acknowledged was not sent again"
    assert ["outputs.json"] == [path.name for path in stack.folder.iterdir()]


def test_archived_payloads_are_fetched_before_their_events_are_sent(stack: Stack):
    s3 = stack.emulator.client("s3")
    stack.server.listing = listing = StoredListing()
    for n, storage_class in enumerate(("STANDARD", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")):
        s3.put_object(Bucket=stack.bucket, Key=f"payloads/{n}", Body=b"{}", StorageClass=storage_class)
        listing.stored.append(an_event(n, payload_key=f"payloads/{n}"))

    code, _, err = finish(stack.start())
    assert (1, True) == (code, "payloads of 2 of the next 4 events are in an archive, payloads/2 among them" in err)
    code, out, err = finish(stack.start("--restore", "2"))
    assert (3, 2, 0) == (code, json.loads(out)["restoring"], json.loads(out)["sent"])
    assert "run the same command again then to go on" in err

    # The emulator restores in two seconds.
    for n in (2, 3):
        eventually(lambda key=f"payloads/{n}": "false" in s3.head_object(Bucket=stack.bucket, Key=key)["Restore"])
    code, out, _ = finish(stack.start("--restore", "2"))

    assert (0, 4) == (code, json.loads(out)["sent"])
    assert [f"e-{n:05}" for n in range(4)] == sorted(request.event_id for request in stack.requests())


def test_an_object_that_is_gone_is_told_apart_from_one_that_is_archived(stack: Stack):
    stack.emulator.client("s3").put_object(Bucket=stack.bucket, Key="payloads/0", Body=b"{}", StorageClass="GLACIER")
    stack.server.listing = listing = StoredListing()
    listing.stored = [an_event(n, payload_key=f"payloads/{n}") for n in range(2)]

    code, out, _ = finish(stack.start("--dry-run"))

    assert 0 == code
    assert {"inline": 0, "readable": 0, "archived": 1, "restoring": 0, "missing": 1} == json.loads(out)["payloads"]
