"""`POST /events`, from API Gateway's event to its answer, with the world faked."""

import gzip
import json
from typing import Any

import pytest

from functions.common.envelope import payload_digest
from functions.ingest.body import BODY_LIMIT_BYTES
from tests.support.ingest_fakes import NOW
from tests.support.ingest_world import World


@pytest.fixture
def world() -> World:
    return World()


def test_an_event_is_queued_and_answered_with_where_to_look(world: World) -> None:
    status, answer = world.post(
        {"event_id": "e-1", "type": "order.created", "payload": {"n": 1}}, X_Correlation_Id="c-1"
    )

    assert (
        status,
        answer,
    ) == (202, {"event_id": "e-1", "correlation_id": "c-1", "status": "accepted", "status_url": "/events/e-1"})
    [envelope] = world.queue.envelopes()
    assert (
        envelope.event_id,
        envelope.correlation_id,
        envelope.type,
        envelope.payload,
    ) == ("e-1", "c-1", "order.created", '{"n": 1}')
    assert world.headers["X-Correlation-Id"] == "c-1"


def test_every_field_reaches_the_queue(world: World) -> None:
    event = {
        "type": "t",
        "source": "s",
        "user_id": "u",
        "schema_version": "3",
        "occurred_at": "2026-11-23T13:00:00+01:00",
    }

    world.post(event)

    [envelope] = world.queue.envelopes()
    assert (
        envelope.source,
        envelope.user_id,
        envelope.schema_version,
        envelope.occurred_at,
        envelope.received_at,
        envelope.payload,
    ) == ("s", "u", "3", NOW, NOW, "null")


def test_an_event_without_an_id_gets_one_that_grows_with_time(world: World) -> None:
    ids = [world.post({"type": "t"})[1]["event_id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert [event_id[14] for event_id in ids] == ["7"] * 3


def test_a_payload_above_the_limit_goes_through_s3_first(world: World) -> None:
    payload = json.dumps("é" * 200_000, ensure_ascii=False)

    status, _ = world.post(f'{{"event_id":"big","type":"t","payload":{payload}}}')

    [envelope] = world.queue.envelopes()
    digest = payload_digest(payload.encode())
    key = f"payloads/2026/11/23/big/{digest}.json"
    assert (202, None, digest, 400_002) == (status, envelope.payload, envelope.payload_sha256, envelope.payload_bytes)
    assert envelope.payload_ref is not None
    assert ("payload-bucket", key) == (envelope.payload_ref.bucket, envelope.payload_ref.key)
    assert {key: payload.encode()} == world.payloads.stored


def test_nothing_is_queued_when_the_payload_could_not_be_stored(world: World) -> None:
    world.payloads.down = True

    status, answer = world.post({"type": "t", "payload": "x" * 300_000})

    assert (status, answer["code"], world.headers["Retry-After"]) == (503, "payload_store_unavailable", "2")
    assert world.queue.sent == []


def test_a_queue_that_does_not_answer_is_a_503_that_names_no_inside(world: World) -> None:
    world.queue.down = True

    status, answer = world.post({"type": "t"})

    assert (status, answer["code"]) == (503, "queue_unavailable")
    assert "down" not in json.dumps(answer)


def test_a_bug_of_ours_is_a_500_without_a_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(world.queue, "send", broken)

    status, answer = world.post({"type": "t"})

    assert (status, answer["code"]) == (500, "unexpected")
    assert "secret" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{", (400, "malformed_json", [])),
        ("[]", (400, "malformed_json", [])),
        ({}, (422, "invalid_event", ["type"])),
        ({"type": 5}, (422, "invalid_event", ["type"])),
        ({"type": ""}, (422, "invalid_event", ["type"])),
        ({"type": "x" * 256}, (422, "invalid_event", ["type"])),
        ({"type": "a\nb"}, (422, "invalid_event", ["type"])),
        ({"type": "t", "tpye": 1, "user_id": 7}, (422, "invalid_event", ["user_id", "tpye"])),
        ({"type": "t", "event_id": "a/b"}, (422, "invalid_event", ["event_id"])),
        ({"type": "t", "event_id": "x" * 129}, (422, "invalid_event", ["event_id"])),
        ({"type": "t", "event_id": ".."}, (422, "invalid_event", ["event_id"])),
        ({"type": "t", "event_id": "batch"}, (422, "invalid_event", ["event_id"])),
        ({"type": "t", "occurred_at": "yesterday"}, (422, "invalid_event", ["occurred_at"])),
        ({"type": "t", "occurred_at": "2026-11-23T12:00:00"}, (422, "invalid_event", ["occurred_at"])),
        ({"type": "t", "occurred_at": "2026-02-30T12:00:00Z"}, (422, "invalid_event", ["occurred_at"])),
        ({"type": "t", "occurred_at": "0001-01-01T00:00:00+14:00"}, (422, "invalid_event", ["occurred_at"])),
        ({"type": "t", "occurred_at": 1700000000}, (422, "invalid_event", ["occurred_at"])),
        ('{"type":"t","payload":NaN}', (400, "malformed_json", [])),
        ('{"type":"t","payload":1e400}', (400, "malformed_json", [])),
        ('{"type":"t","payload":"\\u0000"}', (400, "malformed_json", [])),
        ('{"type":"\\ud800"}', (400, "malformed_json", [])),
        ('{"type":"t","payload":' + "[" * 65 + "]" * 65 + "}", (400, "malformed_json", ["payload"])),
        ('{"type":"t","type":"u"}', (400, "malformed_json", ["type"])),
        (b"\xff\xfe", (400, "malformed_json", [])),
    ],
)
def test_bad_input_is_named_and_nothing_is_queued(
    world: World, body: Any, expected: tuple[int, str, list[str]]
) -> None:
    assert expected == world.problem(body)


def test_an_answer_stays_small_however_much_is_wrong(world: World) -> None:
    many = {f"field-{number}": number for number in range(1_000)}
    long_name = {"type": "t", "x" * 1_000_000: 1}

    assert (422, "invalid_event", []) == world.problem(many)
    assert (422, "invalid_event", ["x" * 128]) == world.problem(long_name)


def test_five_mebibytes_are_taken_and_one_byte_more_is_not(world: World) -> None:
    shell = '{"type":"t","payload":""}'
    fits = shell[:-2] + "x" * (BODY_LIMIT_BYTES - len(shell)) + shell[-2:]

    assert world.problem(fits + " ") == (413, "payload_too_large", [])
    assert world.post(fits)[0] == 202


def test_the_idempotency_key_is_the_events_id(world: World) -> None:
    bare = world.post({"type": "t"}, Idempotency_Key="k-1")[1]["event_id"]
    quoted = world.post({"type": "t", "event_id": "k-2"}, idempotency_key='"k-2"')[1]["event_id"]

    assert (bare, quoted) == ("k-1", "k-2")


@pytest.mark.parametrize(
    ("body", "key", "expected"),
    [
        ({"type": "t", "event_id": "a"}, "b", (422, "invalid_event", ["event_id"])),
        ({"type": "t"}, "not an id", (400, "malformed_request", ["Idempotency-Key"])),
        ({"type": "t"}, '"half', (400, "malformed_request", ["Idempotency-Key"])),
        ({"type": "t"}, '"', (400, "malformed_request", ["Idempotency-Key"])),
        ({"type": "t"}, "batch", (400, "malformed_request", ["Idempotency-Key"])),
    ],
)
def test_an_idempotency_key_that_cannot_be_the_id_is_refused(
    world: World, body: Any, key: str, expected: tuple[int, str, list[str]]
) -> None:
    assert expected == world.problem(body, Idempotency_Key=key)


def test_a_malformed_correlation_id_is_replaced(world: World) -> None:
    _, answer = world.post({"type": "t"}, X_Correlation_Id="no good\n")

    assert answer["correlation_id"] == world.headers["X-Correlation-Id"] != "no good\n"


def test_gzip_is_inflated(world: World) -> None:
    status, _ = world.post(gzip.compress(b'{"type":"t","payload":1}'), Content_Encoding="gzip")

    assert (status, world.queue.envelopes()[0].payload) == (202, "1")


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (gzip.compress(b'{"type":"t"}', mtime=0)[:-4], "gzip", (400, "malformed_request", [])),
        (gzip.compress(b'{"type":"t"}', mtime=0) + b"more", "gzip", (400, "malformed_request", [])),
        (gzip.compress(b" " * 50_000_000, mtime=0), "gzip", (413, "payload_too_large", [])),
        (b'{"type":"t"}', "br", (415, "unsupported_media_type", [])),
    ],
)
def test_an_encoding_that_cannot_be_undone_is_refused(
    world: World, body: str | bytes, encoding: str, expected: tuple[int, str, list[str]]
) -> None:
    assert expected == world.problem(body, Content_Encoding=encoding)


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/cloudevents-batch+xml"])
def test_other_media_types_are_refused(world: World, media_type: str) -> None:
    assert world.problem({"type": "t"}, Content_Type=media_type) == (415, "unsupported_media_type", [])


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "application/x-www-form-urlencoded", ""])
def test_what_curl_sends_by_default_is_taken(world: World, media_type: str) -> None:
    assert world.post({"type": "t"}, Content_Type=media_type)[0] == 202


def test_one_outcome_is_counted_for_each_request(world: World) -> None:
    world.post({"type": "t"})
    world.post({})

    counted = [json.loads(line) for line in world.metric_lines]
    assert [(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], line.get("Reason")) for line in counted] == [
        ("EventsAccepted", None),
        ("EventsRejected", None),
        ("EventsRejected", "invalid_event"),
    ]
