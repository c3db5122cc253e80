"""`POST /events/batch`, from API Gateway's event to its answer, with the world faked."""

import gzip
import json
from typing import Any

import pytest

from functions.common import log
from functions.common.names import Service
from functions.ingest.batch_reading import KEY_MAX_LENGTH
from functions.ingest.body import BODY_LIMIT_BYTES
from functions.ingest.json_batch import EVENTS_AT_MOST
from tests.support.ingest_world import World

LAMBDA_ANSWER_BYTES = 6_000_000
CLOUDEVENT = {"specversion": "1.0", "id": "ce-1", "source": "/shop", "type": "ce", "data": [1]}


@pytest.fixture
def world() -> World:
    return World()


def outcomes(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(item["status"], item["status_code"]) for item in answer["items"]]


def events(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"event_id": f"e-{number}", "type": "t", "payload": number} | fields for number in range(count)]


def test_every_event_is_queued_and_answered_in_its_order(world: World) -> None:
    answer = world.post_batch(events(3), X_Correlation_Id="c-1")

    assert answer == {
        "correlation_id": "c-1",
        "accepted": 3,
        "rejected": 0,
        "failed": 0,
        "items": [
            {
                "index": number,
                "status": "accepted",
                "status_code": 202,
                "event_id": f"e-{number}",
                "status_url": f"/events/e-{number}",
            }
            for number in range(3)
        ],
    }
    assert [(f"e-{number}", "c-1", str(number)) for number in range(3)] == [
        (envelope.event_id, envelope.correlation_id, envelope.payload) for envelope in world.queue.envelopes()
    ]


def test_a_bad_event_is_told_what_is_wrong_and_its_neighbours_are_queued(world: World) -> None:
    body = (
        '[{"type":"t","event_id":"good-1"},'
        '{"type":5,"event_id":"typed"},'
        '{"type":"t","payload":NaN},'
        '{"type":"t","payload":' + "[" * 65 + "]" * 65 + "},"
        '{"type":"t","type":"u"},'
        '{"specversion":"1.0","id":"ce","type":"t"},'
        '[],{"type":"t","event_id":"batch"},'
        '{"type":"t","event_id":"good-2"}]'
    )

    answer = world.post_batch(body, X_Correlation_Id="c-1")

    assert (2, 7, 0) == (answer["accepted"], answer["rejected"], answer["failed"])
    assert [202, 422, 400, 400, 400, 422, 400, 422, 202] == [item["status_code"] for item in answer["items"]]
    assert ["good-1", "good-2"] == [envelope.event_id for envelope in world.queue.envelopes()]
    assert {
        "index": 1,
        "status": "rejected",
        "status_code": 422,
        "event_id": "typed",
        "error": {
            "type": "about:blank",
            "title": "The event is not valid",
            "status": 422,
            "detail": "1 of the event's fields is not valid.",
            "code": "invalid_event",
            "correlation_id": "c-1",
            "errors": [{"field": "type", "message": "Input should be a valid string."}],
        },
    } == answer["items"][1]


def test_the_same_event_twice_is_sent_once_and_accepted_twice(world: World) -> None:
    same = {"event_id": "e-1", "type": "t", "payload": {"n": 1}}

    answer = world.post_batch([same, {"type": "t"}, same])

    assert [("accepted", 202)] * 3 == outcomes(answer)
    assert ["e-1", "e-1"] == [answer["items"][place]["event_id"] for place in (0, 2)]
    assert 2 == len(world.queue.sent)
    assert 2 == world.counted()["EventsAccepted", None]


@pytest.mark.parametrize("other", [{"payload": 2}, {"type": "u"}, {"user_id": "u-1"}, {"source": "s"}], ids=str)
def test_an_id_that_an_earlier_event_of_the_batch_has_is_a_conflict(world: World, other: dict[str, Any]) -> None:
    first = {"event_id": "e-1", "type": "t", "payload": 1}

    answer = world.post_batch([first, first | other, first])

    assert [202, 409, 202] == [item["status_code"] for item in answer["items"]]
    assert ("rejected", "event_id_reused") == (answer["items"][1]["status"], answer["items"][1]["error"]["code"])
    assert ["1"] == [envelope.payload for envelope in world.queue.envelopes()]


def test_an_event_that_could_not_be_read_claims_no_id(world: World) -> None:
    answer = world.post_batch([{"event_id": "e-1", "type": 5}, {"event_id": "e-1", "type": "t"}])

    assert [422, 202] == [item["status_code"] for item in answer["items"]]


def test_what_the_queue_did_not_take_is_to_be_sent_again(world: World) -> None:
    world.queue.refuses = frozenset({"e-1"})

    answer = world.post_batch([*events(3), events(3)[1]])

    assert [("accepted", 202), ("failed", 503), ("accepted", 202), ("failed", 503)] == outcomes(answer)
    assert (2, 0, 2, "2") == (answer["accepted"], answer["rejected"], answer["failed"], world.headers["Retry-After"])
    assert ("e-1", "queue_unavailable") == (answer["items"][1]["event_id"], answer["items"][1]["error"]["code"])
    assert "refused" not in json.dumps(answer)


def test_large_payloads_go_through_s3_first_and_fail_alone(world: World) -> None:
    large = [{"event_id": f"large-{number}", "type": "t", "payload": f"{number}" * 300_000} for number in range(3)]

    answer = world.post_batch([*large, *events(1)])

    assert [("accepted", 202)] * 4 == outcomes(answer)
    assert [True, True, True, False] == [envelope.payload is None for envelope in world.queue.envelopes()]
    assert 3 == len(world.payloads.stored) == world.counted()["PayloadsOffloaded", None]
    world.payloads.down = True
    assert [503, 503, 503, 202] == [item["status_code"] for item in world.post_batch([*large, *events(1)])["items"]]


def test_a_bug_that_one_event_meets_costs_its_neighbours_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    put = world.payloads.put_new

    def broken(key: str, body: bytes, sha256: str) -> None:
        if "/bad/" in key:
            raise ZeroDivisionError("secret")
        put(key, body, sha256)

    monkeypatch.setattr(world.payloads, "put_new", broken)

    answer = world.post_batch(
        [{"event_id": name, "type": "t", "payload": "x" * 300_000} for name in ("good", "bad", "fine")]
    )

    assert [("accepted", 202), ("failed", 500), ("accepted", 202)] == outcomes(answer)
    assert "secret" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ("{", {}, (400, "malformed_json", [])),
        ("", {}, (400, "malformed_json", [])),
        ({"type": "t"}, {}, (400, "malformed_json", [])),
        ('[{"type":"t"},]', {}, (400, "malformed_json", [])),
        ('[{"type":"t"}', {}, (400, "malformed_json", [])),
        ([], {}, (400, "malformed_request", [])),
        ([{"type": "t"}] * (EVENTS_AT_MOST + 1), {}, (413, "payload_too_large", [])),
        ('[{"type":"t","payload":"' + "x" * BODY_LIMIT_BYTES + '"}]', {}, (413, "payload_too_large", [])),
        ([{"type": "t"}], {"Content_Type": "text/csv"}, (415, "unsupported_media_type", [])),
        ([{"type": "t"}], {"Content_Type": "application/cloudevents+json"}, (415, "unsupported_media_type", [])),
        ([{"type": "t"}], {"Content_Encoding": "br"}, (415, "unsupported_media_type", [])),
        ([{"type": "t"}], {"Idempotency_Key": "no key"}, (400, "malformed_request", ["Idempotency-Key"])),
        ([{"type": "t"}], {"Idempotency_Key": "x" * 125}, (400, "malformed_request", ["Idempotency-Key"])),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(
    world: World, body: Any, headers: dict[str, str], expected: tuple[int, str, list[str]]
) -> None:
    assert expected == world.problem(body, path="/events/batch", **headers)


def test_a_batch_of_cloudevents_is_taken(world: World) -> None:
    body = [CLOUDEVENT | {"subject": "s"}, {"type": "ours"}, CLOUDEVENT | {"id": "ce-2"}]

    answer = world.post_batch(body, Content_Type="application/cloudevents-batch+json; charset=utf-8")

    assert [202, 422, 202] == [item["status_code"] for item in answer["items"]]
    assert [("ce-1", "[1]", {"subject": "s"}), ("ce-2", "[1]", None)] == [
        (envelope.event_id, envelope.payload, envelope.attributes) for envelope in world.queue.envelopes()
    ]


def test_lines_are_taken_each_in_either_form(world: World) -> None:
    lines = '{"type":"ours","event_id":"e-1"}\n{"type":\n\n' + json.dumps(CLOUDEVENT) + "\n"

    answer = world.post_batch(lines, Content_Type="application/x-ndjson")

    assert [202, 400, 202] == [item["status_code"] for item in answer["items"]]
    assert ["e-1", "ce-1"] == [envelope.event_id for envelope in world.queue.envelopes()]


@pytest.mark.parametrize("body", [json.dumps([{"type": "t"}, CLOUDEVENT]), '{"type":"t"}\n' + json.dumps(CLOUDEVENT)])
def test_what_is_in_a_compressed_body_its_content_tells(world: World, body: str) -> None:
    answer = world.post_batch(gzip.compress(body.encode()), Content_Type="application/gzip")

    assert [202, 202] == [item["status_code"] for item in answer["items"]]
    assert ["t", "ce"] == [envelope.type for envelope in world.queue.envelopes()]


def test_a_batch_sent_again_under_its_key_is_the_same_batch(world: World) -> None:
    key, batch = "k" * KEY_MAX_LENGTH, [{"type": "t"}, {"type": "t", "event_id": "own"}, *[{"type": "t"}] * 498]

    first, second = (world.post_batch(batch, Idempotency_Key=f'"{key}"') for _ in range(2))

    assert [item["event_id"] for item in first["items"]] == [item["event_id"] for item in second["items"]]
    assert [f"{key}:0", "own", f"{key}:2"] == [item["event_id"] for item in first["items"][:3]]
    contents = [envelope.content_sha256 for envelope in world.queue.envelopes()]
    assert contents[:500] == contents[500:]


def test_without_a_key_every_event_gets_an_id_of_its_own(world: World) -> None:
    answer = world.post_batch([{"type": "t"}] * 3)

    assert 3 == len({item["event_id"] for item in answer["items"]}) == len(world.queue.sent)


def test_the_largest_answer_fits_into_lambdas(world: World) -> None:
    """Five hundred events, each with more wrong fields than are shown, their names in the longest escapes."""
    wrong = {"\N{GRINNING FACE}" * 200 + str(number): number for number in range(6)}
    body = json.dumps([wrong] * EVENTS_AT_MOST, ensure_ascii=False).encode()[:BODY_LIMIT_BYTES]

    answer = world.post_batch(body.decode())

    assert EVENTS_AT_MOST == answer["rejected"]
    assert {5} == {len(item["error"]["errors"]) for item in answer["items"]}
    assert len(json.dumps({"body": json.dumps(answer)})) < LAMBDA_ANSWER_BYTES


def test_metrics_count_every_event_by_its_outcome(world: World) -> None:
    world.queue.refuses = frozenset({"e-1"})

    world.post_batch([*events(3), {}, {"type": 5}, "no event"])

    assert {
        ("EventsAccepted", None): 2,
        ("EventsFailed", None): 1,
        ("EventsFailed", "queue_unavailable"): 1,
        ("EventsRejected", None): 3,
        ("EventsRejected", "invalid_event"): 2,
        ("EventsRejected", "malformed_json"): 1,
    } == world.counted()


def test_a_batch_is_one_line_in_the_log_and_one_for_each_refusal_without_what_clients_sent(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    log.configure(Service.INGEST, "INFO")

    world.post_batch(
        [*events(2), {"type": "t", "event_id": "bad", "secret": 1}, events(2, payload=9)[0]], X_Correlation_Id="c-1"
    )

    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in printed.splitlines()]
    keys = ("message", "level", "correlation_id", "index", "event_id", "code")
    assert [
        ("event_not_accepted", "warning", "c-1", 2, "bad", "invalid_event"),
        ("event_not_accepted", "warning", "c-1", 3, "e-0", "event_id_reused"),
        ("batch_accepted", "info", "c-1", None, None, None),
    ] == [tuple(line.get(key) for key in keys) for line in lines]
    summed = {name: lines[-1][name] for name in ("events", "sent", "accepted", "rejected", "failed", "offloaded")}
    assert {"events": 4, "sent": 2, "accepted": 2, "rejected": 2, "failed": 0, "offloaded": 0} == summed
    assert "secret" not in printed
