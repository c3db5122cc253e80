"""The operator's commands against a whole platform, as somebody types them."""

import json
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fluxa.cli import run
from functions.common.envelope import attributes_of, encode
from functions.common.identifiers import new_id
from tests.support.api import Api, eventually
from tests.support.envelopes import a_recent_envelope


class Operator:
    """Types commands, and reads what they print."""

    def __init__(self, outputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._outputs = outputs
        self._capsys = capsys

    def types(self, *arguments: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = run([*arguments, "--outputs", str(self._outputs)])
        return code, *self._capsys.readouterr()

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        code, out, err = self.types(*arguments, "--json")
        assert code in {0, 3}, err
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def operator(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Operator:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(api.outputs), encoding="utf-8")
    return Operator(outputs, capsys)


def park(api: Api, *, type_: str = "order.created", body: str | None = None) -> str:
    """Put a message into the dead-letter queue as the processor does; return its event's id."""
    envelope = a_recent_envelope(new_id(), type=type_)
    given = {"dead_letter_reason": "repaired_since", "dead_letter_error": "It was broken."}
    added = {name: {"DataType": "String", "StringValue": value} for name, value in given.items()}
    api.aws("sqs").send_message(
        QueueUrl=api.outputs["dead_letter_queue_url"],
        MessageBody=body or encode(envelope),
        MessageAttributes=attributes_of(envelope) | added,
    )
    return envelope.event_id


def test_events_are_listed_by_what_is_asked_for(api: Api, operator: Operator):
    kind = f"listed.{new_id()}"
    ids = [api.post({"type": kind, "payload": {"n": n}}).json()["event_id"] for n in range(7)]
    for event_id in ids:
        api.get_event(event_id)

    listed = operator.json("events", "--type", kind, "--limit", "5", "--from", "1h")

    assert set(ids[2:]) == {event["event_id"] for event in listed}
    code, table, _ = operator.types("events", "--type", kind, "--limit", "1")
    assert 0 == code
    assert listed[0]["event_id"] in table


def test_a_trace_has_every_hop_in_order(api: Api, operator: Operator):
    answer = api.post({"type": "order.created", "payload": {"n": 1}}).json()
    api.get_event(answer["event_id"])

    def whole() -> list[dict[str, Any]] | None:
        hops = operator.json("trace", answer["correlation_id"])
        return hops if any(hop["what"] == "message_processed" for hop in hops) else None

    hops = eventually(whole)

    assert {"received", "queued", "event_accepted", "completed", "message_processed"} == {hop["what"] for hop in hops}
    # Three clocks: SQS cuts off what is below a millisecond, so its hop may stand beside ingest's in either order.
    inside = [hop["what"] for hop in hops if hop["what"] != "queued"]
    assert ["received", "event_accepted", "completed", "message_processed"] == inside
    assert ["database", "ingest", "database", "processor"] == [hop["hop"] for hop in hops if hop["hop"] != "queue"]
    assert 1 == operator.types("trace", new_id())[0]


def test_a_timeline_leads_from_acceptance_to_the_row(api: Api, operator: Operator):
    answer = api.post({"type": "order.created", "payload": {"n": 1}}).json()
    event = api.get_event(answer["event_id"])

    (timeline,) = operator.json("timeline", answer["event_id"])

    entries = {entry["kind"]: entry for entry in timeline["entries"]}
    assert ["accepted", "queued", "processed"] == list(entries)
    assert len(timeline["entries"]) == len(entries)
    assert (event["received_at"], answer["correlation_id"]) == (
        entries["accepted"]["at"],
        entries["accepted"]["correlation_id"],
    )
    assert (event["completed_at"], 1) == (entries["processed"]["at"], entries["processed"]["attempts"])
    assert ("completed", 0) == (timeline["status"], timeline["earlier_attempts"])
    assert 1 == operator.types("timeline", new_id())[0]


def test_dead_letters_are_listed_with_their_reason_and_attempts_and_shown_to_the_letter(
    api: Api, operator: Operator, effects: psycopg.Connection
):
    event_id = new_id()
    assert (
        202
        == api.client.post(
            "/events", content=f'{{"event_id":"{event_id}","type":"effect.refused","payload":{{"n":1.00}}}}'
        ).status_code
    )

    def parked() -> dict[str, Any] | None:
        letters = operator.json("dlq", "list", "--type", "effect.refused", "--limit", "1000")
        return next((letter for letter in letters if letter.get("event_id") == event_id), None)

    letter = eventually(parked)

    assert ("permanent_error", "Out of stock.", 1) == (letter["reason"], letter["error"], letter["attempts"])
    code, shown, _ = operator.types("dlq", "show", event_id)
    assert 0 == code
    assert shown.endswith(',\n  "payload": {"n":1.00}\n}\n')


def test_repaired_dead_letters_redriven_twice_are_each_in_the_table_once(
    api: Api, operator: Operator, effects: psycopg.Connection
):
    kind = f"repaired.{new_id()}"
    ids = {park(api, type_=kind) for _ in range(12)}

    (rehearsed,) = operator.json("dlq", "redrive", "--type", kind, "--dry-run")
    (first,) = operator.json("dlq", "redrive", "--type", kind)
    (second,) = operator.json("dlq", "redrive", "--type", kind)

    assert (12, {"repaired_since": 12}) == (rehearsed["moved"], rehearsed["reasons"])
    assert (12, 0) == (first["moved"], second["moved"])
    for event_id in ids:
        assert "completed" == api.get_event(event_id)["status"]
        (timeline,) = operator.json("timeline", event_id)
        kinds = [entry["kind"] for entry in timeline["entries"]]
        assert ["accepted", "replayed", "processed"] == kinds
    stored = effects.execute("SELECT event_id FROM events WHERE type = %s", [kind]).fetchall()
    assert sorted(ids) == sorted(row[0] for row in stored)


def test_a_dead_letter_that_still_fails_comes_back_and_the_command_ends(
    api: Api, operator: Operator, effects: psycopg.Connection
):
    event_id = park(api, type_="effect.refused")
    time.sleep(1.1)

    (tally,) = operator.json("dlq", "redrive", "--event-id", event_id)

    assert 1 == tally["moved"]
    letter = eventually(
        lambda: next(
            (one for one in operator.json("dlq", "list", "--limit", "1000") if one.get("event_id") == event_id), None
        )
    )
    assert "permanent_error" == letter["reason"]


def test_a_foreign_message_is_left_until_it_is_dropped_into_a_file(api: Api, operator: Operator, tmp_path: Path):
    park(api, body="hello")
    (foreign,) = [one for one in operator.json("dlq", "list", "--limit", "1000") if one["foreign"]]
    message_id = foreign["message_id"]

    code, _, err = operator.types("dlq", "redrive", "--event-id", message_id)
    assert (3, True) == (code, "1 left: they are not ours" in err)
    keep = tmp_path / "kept.jsonl"
    code, out, _ = operator.types("dlq", "drop", "--event-id", message_id, "--yes", "--keep", str(keep))

    assert (0, f"1 dropped; {keep} holds them.\n") == (code, out)
    assert "hello" == json.loads(keep.read_text())["body"]
    assert 1 == operator.types("dlq", "show", message_id)[0]
