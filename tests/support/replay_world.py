"""What `fluxa replay` works with, in memory: the API's list, a queue, a bucket; and whoever kills it in the middle."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from fluxa.operate.api import Api, Patience
from fluxa.operate.pace import Pace
from fluxa.operate.payload_objects import PayloadObjects
from fluxa.operate.replay import Replayer, Result
from fluxa.operate.replay_progress import Progress, ReplayFiles, Step
from fluxa.operate.replay_queue import ReplayQueue
from fluxa.operate.stored_pages import Place, StoredPages
from functions.common.replay import ReplayRequest, decode_replay
from tests.support.stored_listing import StoredListing, an_event, moment

BUCKET = "payloads"
PAGE = 25
TO = moment(100_000)


class Killed(BaseException):
    """The end of a process, at a certain point."""


class RecordingQueue:
    """`send_message_batch`, as SQS answers it; its attributes decide how it behaves."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        """What each call was given."""
        self.messages: list[dict[str, Any]] = []
        """What was taken."""
        self.refuse: Callable[[dict[str, Any]], bool] = lambda entry: False
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.before()
        self.calls.append(Entries)
        refused = [entry for entry in Entries if self.refuse(entry)]
        taken = [entry for entry in Entries if entry not in refused]
        self.messages += taken
        self.after()
        return {
            "Successful": [{"Id": entry["Id"]} for entry in taken],
            "Failed": [
                {"Id": entry["Id"], "Code": "InternalError", "Message": "Later.", "SenderFault": False}
                for entry in refused
            ],
        }

    @property
    def requests(self) -> list[ReplayRequest]:
        found = [decode_replay(message["MessageBody"]) for message in self.messages]
        return [request for request in found if request is not None]

    @property
    def ids(self) -> list[str]:
        return [request.event_id for request in self.requests]


class ArchivingBucket:
    """`head_object` and `restore_object`, as S3 answers them: a restore takes until somebody says that it is done."""

    def __init__(self) -> None:
        self.heads: dict[str, dict[str, Any]] = {}
        self.restored: list[tuple[str, int]] = []
        """Each key that was asked for, and for how many days."""

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert Bucket == BUCKET
        if Key not in self.heads:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        return self.heads[Key]

    def restore_object(self, *, Bucket: str, Key: str, RestoreRequest: dict[str, Any]) -> None:  # noqa: N803 - boto3's names
        assert Bucket == BUCKET
        self.restored.append((Key, RestoreRequest["Days"]))
        self.heads[Key]["Restore"] = 'ongoing-request="true"'

    def finish_restores(self) -> None:
        for key, _ in self.restored:
            self.heads[key]["Restore"] = 'ongoing-request="false", expiry-date="Fri, 27 Nov 2026 00:00:00 GMT"'


@dataclass
class ReplayWorld:
    api: Api
    listing: StoredListing
    folder: Path
    s3: ArchivingBucket = field(default_factory=ArchivingBucket)
    queue: RecordingQueue = field(default_factory=RecordingQueue)
    steps: list[Step] = field(default_factory=list)
    begun: int = 0
    """Replays that were not the continuation of an earlier one."""

    @property
    def files(self) -> ReplayFiles:
        return ReplayFiles(folder=self.folder)

    @property
    def kept(self) -> dict[str, Any] | None:
        return json.loads(self.files.resume.read_text()) if self.files.resume.exists() else None

    def store(self, count: int) -> list[str]:
        """Store events and return their ids, oldest first."""
        self.listing.stored += [an_event(n) for n in range(count)]
        return [event["event_id"] for event in self.listing.stored]

    def offload(self, n: int, *, storage_class: str | None = "STANDARD") -> str:
        """Move the payload of the n-th event to S3, or remove it altogether; return its key."""
        event = self.listing.stored[n]
        event["payload_key"] = key = f"payloads/2026/11/23/{event['event_id']}/x.json"
        if storage_class is not None:
            self.s3.heads[key] = {"StorageClass": storage_class}
        return key

    def begin(self) -> Progress:
        self.begun += 1
        place = Place(filters={"status": "completed", "to": TO})
        return Progress(stack="test", asked={}, replay_id=f"replay-{self.begun}", place=place, before=TO)

    def replay(self, *, stack: str = "test", restart: bool = False, **options: Any) -> Result:
        """Run the command once, as a process of its own would."""
        asked = options.pop("asked", {})
        queue = ReplayQueue(
            sqs=self.queue,
            url="main",
            pace=options.pop("pace", Pace()),
            patience=Patience(attempts=3, base_seconds=0.0, max_seconds=0.0),
        )
        replayer = Replayer(
            pages=StoredPages(api=self.api, limit=PAGE),
            objects=PayloadObjects(s3=self.s3, bucket=BUCKET),
            queue=queue,
            files=self.files,
            **options,
        )
        progress = self.files.take_up(self.begin, stack=stack, asked=asked, restart=restart)
        return replayer.replay(progress, self.steps.append)
