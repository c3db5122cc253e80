"""One user's events leave a whole platform, and another's stay, as seen by whoever asks over HTTP."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fluxa.cli import run
from fluxa.local.platform import LocalPlatform
from functions.common.envelope import attributes_of, encode
from functions.common.identifiers import new_id
from tests.support.api import Api, eventually
from tests.support.envelopes import a_recent_envelope
from tests.support.every_feature import maintain

LARGE = "x" * 400_000


class User:
    """Somebody who has sent a small and a large event, and has a dead letter."""

    def __init__(self, api: Api) -> None:
        self.id = f"{new_id()} é"
        self.small, self.large, self.dead = new_id(), new_id(), new_id()
        self._api = api
        for event_id, payload in ((self.small, 1), (self.large, LARGE)):
            api.post({"event_id": event_id, "type": "plain", "user_id": self.id, "payload": payload})
            api.get_event(event_id)
        park(api, a_recent_envelope(self.dead, user_id=self.id, type="parked"))

    def objects(self) -> list[str]:
        return objects(self._api, self.large)

    def rows(self, connection: psycopg.Connection) -> int:
        row = connection.execute("SELECT count(*) FROM events WHERE user_id = %s", [self.id]).fetchone()
        assert row is not None
        return int(row[0])

    def answers(self) -> list[int]:
        return [self._api.client.get(f"/events/{event_id}").status_code for event_id in (self.small, self.large)]


def park(api: Api, envelope: Any) -> None:
    api.aws("sqs").send_message(
        QueueUrl=api.outputs["dead_letter_queue_url"],
        MessageBody=encode(envelope),
        MessageAttributes=attributes_of(envelope),
    )


def objects(api: Api, event_id: str) -> list[str]:
    answer = api.aws("s3").list_object_versions(Bucket=api.outputs["payload_bucket"], Prefix="payloads/")
    found = (*answer.get("Versions", []), *answer.get("DeleteMarkers", []))
    return [item["Key"] for item in found if event_id in item["Key"]]


@pytest.fixture
def connection(platform: LocalPlatform) -> Any:
    with psycopg.connect(platform.outputs.database_url, autocommit=True) as opened:
        yield opened


def test_one_users_events_are_gone_from_everywhere_and_anothers_are_not(
    api: Api,
    platform: LocalPlatform,
    connection: psycopg.Connection,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    gone, stays = User(api), User(api)
    outputs, kept = tmp_path / "outputs.json", tmp_path / "receipt.json"
    outputs.write_text(json.dumps(api.outputs), encoding="utf-8")

    code = run(["erase", gone.id, "--yes", "--json", "--receipt", str(kept), "--outputs", str(outputs)])
    out, err = capsys.readouterr()
    assert 0 == code, err
    receipt = json.loads(out)

    assert ("completed", {"events": 2, "keys": 2, "payload_objects": 1, "dead_letters": 1}) == (
        receipt["status"],
        receipt["erased"],
    )
    assert receipt == json.loads(kept.read_text()) == api.client.get(f"/erasures/{receipt['erasure_id']}").json()
    assert ([404, 404], 0, []) == (gone.answers(), gone.rows(connection), gone.objects())
    assert ([200, 200], 2, 1) == (stays.answers(), stays.rows(connection), len(stays.objects()))
    letters = eventually(lambda: [letter["Body"] for letter in api.dead_letters()])
    assert (0, 1) == tuple(sum(user.dead in letter for letter in letters) for user in (gone, stays))
    # What comes late is found by the clock.
    send_late(api, gone, receipt["requested_at"])
    maintain(platform, {"task": "erasures"})
    assert 0 == gone.rows(connection)
    assert 3 == api.client.get(f"/erasures/{receipt['erasure_id']}").json()["erased"]["events"]


def send_late(api: Api, user: User, requested_at: str) -> None:
    """Let the processor store an event that was accepted before the erasure."""
    accepted_at = datetime.fromisoformat(requested_at) - timedelta(seconds=1)
    late = a_recent_envelope(user_id=user.id, type="plain", received_at=accepted_at)
    api.aws("sqs").send_message(
        QueueUrl=api.outputs["queue_url"], MessageBody=encode(late), MessageAttributes=attributes_of(late)
    )
    assert "completed" == api.get_event(late.event_id)["status"]


def test_a_user_who_cannot_be_is_refused_and_logs_name_nobody(api: Api):
    answer = api.client.delete("/users/a%0Ab/events")

    assert (400, "user_id") == (answer.status_code, answer.json()["errors"][0]["field"])
    name = f"secret-{new_id()}"
    receipt = api.client.delete(f"/users/{name}/events").json()
    assert [0, 0, 0, 0] == list(receipt["erased"].values())
    assert eventually(lambda: api.log_lines("maintenance", receipt["erasure_id"]))
    assert [] == api.log_lines("maintenance", name)
