"""`POST /uploads`, and events whose payload was uploaded, through the whole of ingest with the world faked."""

import gzip
import json
from typing import Any

import pytest

from functions.common.errors import OutOfTime, PayloadStoreUnavailable, UploadMismatch
from functions.common.uploads import UPLOAD_LIMIT_BYTES, UploadReference
from tests.support.ingest_world import World

SHA256 = "ab" * 32
UPLOAD_ID = "0193589e-8c3c-7c3e-9a64-6b0f0c3a1f52"
REFERENCE = {"upload_id": UPLOAD_ID, "sha256": SHA256, "bytes": 20_000_000}
UPLOAD = UploadReference.model_validate(REFERENCE)


@pytest.fixture
def world() -> World:
    """One upload exists."""
    world = World()
    world.uploads.made.append(UPLOAD)
    return world


def test_an_upload_is_answered_with_where_to_send_it_and_what_to_say_of_it(world: World) -> None:
    status, answer = world.post({"bytes": 20_000_000, "sha256": SHA256}, path="/uploads", X_Correlation_Id="c-1")

    [upload] = world.uploads.offered
    assert (201, "c-1", "no-store") == (status, world.headers["X-Correlation-Id"], world.headers["Cache-Control"])
    assert {
        "upload_id": upload.upload_id,
        "method": "PUT",
        "url": f"https://uploads.test/uploads/{upload.upload_id}/{SHA256}",
        "headers": {"x-bound": SHA256},
        "expires_at": "2026-11-23T12:15:00+00:00",
        "payload_ref": {"upload_id": upload.upload_id, "sha256": SHA256, "bytes": 20_000_000},
    } == answer


def test_each_upload_has_an_id_of_its_own_that_grows_with_time(world: World) -> None:
    ids = [world.post({"bytes": 1, "sha256": SHA256}, path="/uploads")[1]["upload_id"] for _ in range(3)]

    assert 3 == len(set(ids))
    assert ["7"] * 3 == [upload_id[14] for upload_id in ids]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{", (400, "malformed_json", [])),
        ("[]", (400, "malformed_json", [])),
        ("", (400, "malformed_json", [])),
        ('{"bytes":1,"bytes":2}', (400, "malformed_json", ["bytes"])),
        ({}, (422, "invalid_upload", ["bytes", "sha256"])),
        ({"bytes": 0, "sha256": SHA256}, (422, "invalid_upload", ["bytes"])),
        ({"bytes": "1", "sha256": SHA256}, (422, "invalid_upload", ["bytes"])),
        ({"bytes": True, "sha256": SHA256}, (422, "invalid_upload", ["bytes"])),
        ({"bytes": 1.5, "sha256": SHA256}, (422, "invalid_upload", ["bytes"])),
        ({"bytes": 1, "sha256": SHA256[1:]}, (422, "invalid_upload", ["sha256"])),
        ({"bytes": 1, "sha256": SHA256.upper()}, (422, "invalid_upload", ["sha256"])),
        ({"bytes": 1, "sha256": None}, (422, "invalid_upload", ["sha256"])),
        ({"bytes": 1, "sha256": SHA256, "name": "x"}, (422, "invalid_upload", ["name"])),
        ({"bytes": UPLOAD_LIMIT_BYTES + 1, "sha256": SHA256}, (413, "payload_too_large", ["bytes"])),
    ],
)
def test_what_cannot_be_uploaded_is_named(world: World, body: Any, expected: tuple[int, str, list[str]]) -> None:
    assert expected == world.problem(body, path="/uploads")
    assert [] == world.uploads.offered


def test_the_limit_itself_may_be_uploaded(world: World) -> None:
    assert 201 == world.post({"bytes": UPLOAD_LIMIT_BYTES, "sha256": SHA256}, path="/uploads")[0]


def test_only_json_announces_an_upload(world: World) -> None:
    problem = world.problem({"bytes": 1, "sha256": SHA256}, path="/uploads", Content_Type="text/plain")

    assert (415, "unsupported_media_type", []) == problem


def test_an_uploaded_payload_becomes_the_events_own_object_before_its_message_is_sent(world: World) -> None:
    status, _ = world.post({"event_id": "e-1", "type": "t", "payload_ref": REFERENCE})

    key = f"payloads/2026/11/23/e-1/{SHA256}.json"
    [envelope] = world.queue.envelopes()
    assert (202, [(UPLOAD, key)]) == (status, world.uploads.taken)
    assert envelope.payload_ref is not None
    assert ("payload-bucket", key) == (envelope.payload_ref.bucket, envelope.payload_ref.key)
    assert (None, 20_000_000, SHA256) == (envelope.payload, envelope.payload_bytes, envelope.payload_sha256)


def test_the_same_content_is_the_same_event_however_it_came(world: World) -> None:
    """An id stands for what the client said: a retry may upload what was sent in the request before."""
    sent = "12"
    reference = UploadReference(
        upload_id=UPLOAD_ID, bytes=2, sha256="6b51d431df5d7f141cbececcf79edf3dd861c3b4069f0b11661a3eefacbba918"
    )
    world.uploads.made.append(reference)

    world.post(f'{{"event_id":"e-1","type":"t","payload":{sent}}}')
    world.post({"event_id": "e-1", "type": "t", "payload_ref": reference.document()})

    inline, uploaded = world.queue.envelopes()
    assert inline.content_sha256 == uploaded.content_sha256 is not None


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"upload_id": "../payloads/2026/11/23/e-1"}, ["payload_ref.upload_id"]),
        ({"upload_id": UPLOAD_ID.upper()}, ["payload_ref.upload_id"]),
        ({"sha256": "ab", "bytes": 0}, ["payload_ref.bytes", "payload_ref.sha256"]),
        ({"bytes": UPLOAD_LIMIT_BYTES + 1}, ["payload_ref.bytes"]),
        ({"bucket": "another"}, ["payload_ref.bucket"]),
    ],
)
def test_a_reference_that_post_uploads_never_answers_is_refused(
    world: World, change: dict[str, Any], fields: list[str]
) -> None:
    assert (422, "invalid_event", fields) == world.problem({"type": "t", "payload_ref": REFERENCE | change})
    assert [] == world.uploads.taken


def test_a_bad_reference_is_named_among_the_other_bad_fields(world: World) -> None:
    problem = world.problem({"type": 5, "payload_ref": "upload"})

    assert (422, "invalid_event", ["type", "payload_ref"]) == problem


@pytest.mark.parametrize("payload", [0, "", [], False])
def test_an_event_has_one_payload(world: World, payload: Any) -> None:
    problem = world.problem({"type": "t", "payload": payload, "payload_ref": REFERENCE})

    assert (422, "invalid_event", ["payload_ref"]) == problem


def test_a_field_that_is_null_is_absent(world: World) -> None:
    assert 202 == world.post({"type": "t", "payload": None, "payload_ref": REFERENCE})[0]
    assert 202 == world.post({"type": "t", "payload": 1, "payload_ref": None})[0]
    assert ([None, "1"], 1) == ([envelope.payload for envelope in world.queue.envelopes()], len(world.uploads.taken))


CLOUDEVENT = "application/cloudevents+json"


def test_a_cloudevent_names_no_upload(world: World) -> None:
    event = {"specversion": "1.0", "id": "e-1", "source": "s", "type": "t", "payload_ref": REFERENCE}

    assert (422, "invalid_event", ["payload_ref"]) == world.problem(json.dumps(event), Content_Type=CLOUDEVENT)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UploadMismatch("another"), (422, "upload_mismatch", [])),
        (PayloadStoreUnavailable("down"), (503, "payload_store_unavailable", [])),
        (OutOfTime("slow"), (503, "out_of_time", [])),
    ],
)
def test_nothing_is_queued_of_an_upload_that_could_not_be_taken(
    world: World, error: Exception, expected: tuple[int, str, list[str]]
) -> None:
    world.uploads.broken = error

    assert expected == world.problem({"type": "t", "payload_ref": REFERENCE})


def test_an_upload_that_was_never_made_is_its_events_fault_alone(world: World) -> None:
    missing = REFERENCE | {"upload_id": UPLOAD_ID.replace("0", "1")}
    events = [{"type": "t", "payload_ref": one} for one in (REFERENCE, missing)] + [{"type": "t", "payload": 3}]

    items = world.post_batch(gzip.compress(json.dumps(events).encode()), Content_Type="application/gzip")["items"]

    assert [202, 422, 202] == [item["status_code"] for item in items]
    assert "upload_missing" == items[1]["error"]["code"]
    assert 2 == len(world.queue.sent)
    counted = world.counted()
    assert (2, 1) == (counted["EventsAccepted", None], counted["PayloadsOffloaded", None])
    assert 1 == counted["EventsRejected", "upload_missing"]


def test_the_url_stays_out_of_the_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.post({"bytes": 1, "sha256": SHA256}, path="/uploads")

    logged = capsys.readouterr().out
    assert "upload_offered" in logged
    assert "uploads.test" not in logged
