"""Payloads beyond a request: uploaded to S3, committed by an event, stored once, and given back byte for byte."""

import hashlib
import uuid
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.api import Api

TWENTY_MB = 20 * 1024 * 1024


def content_of(size: int) -> bytes:
    """JSON text of exactly this many bytes, different at each call."""
    text = f'{{"run": "{uuid.uuid4()}", "filling": ""}}'
    return (text[:-2] + "x" * (size - len(text)) + text[-2:]).encode()


def offered(api: Api, content: bytes) -> dict[str, Any]:
    announced = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    answer = api.client.post("/uploads", json=announced)
    assert 201 == answer.status_code, answer.text
    document: dict[str, Any] = answer.json()
    return document


def put(upload: dict[str, Any], content: bytes, **headers: str) -> int:
    return httpx.request(
        upload["method"], upload["url"], content=content, headers=upload["headers"] | headers, timeout=60
    ).status_code


def uploaded(api: Api, content: bytes) -> dict[str, Any]:
    """Return the reference of an upload that was made."""
    upload = offered(api, content)
    assert 200 == put(upload, content)
    reference: dict[str, Any] = upload["payload_ref"]
    return reference


def objects(api: Api, prefix: str) -> dict[str, int]:
    found = api.aws("s3").list_objects_v2(Bucket=api.outputs["payload_bucket"], Prefix=prefix)
    return {item["Key"]: item["Size"] for item in found.get("Contents", [])}


def payloads_of(api: Api, event_id: str) -> list[str]:
    return [key for key in objects(api, "payloads/") if f"/{event_id}/" in key]


def refusal(answer: httpx.Response) -> tuple[int, str, list[str]]:
    document = answer.json()
    return answer.status_code, document["code"], [item["field"] for item in document.get("errors", [])]


def test_twenty_megabytes_are_uploaded_committed_and_given_back(api: Api) -> None:
    content, event_id = content_of(TWENTY_MB), f"large-{uuid.uuid4()}"
    reference = uploaded(api, content)

    for _ in range(2):  # Committing twice does no harm.
        assert 202 == api.post({"event_id": event_id, "type": "report", "payload_ref": reference}).status_code

    event = api.get_event(event_id)
    assert ("completed", TWENTY_MB, reference["sha256"]) == (
        event["status"],
        event["payload_bytes"],
        event["payload_sha256"],
    )
    given = httpx.get(event["payload_url"], timeout=60)
    assert content == given.content
    assert "application/json" == given.headers["Content-Type"]
    assert 1 == len(payloads_of(api, event_id))


def test_what_was_never_uploaded_cannot_be_committed(api: Api) -> None:
    reference = offered(api, content_of(1_000))["payload_ref"]

    answer = api.post({"type": "report", "payload_ref": reference})

    assert (422, "upload_missing", ["payload_ref"]) == refusal(answer)


@pytest.mark.parametrize("change", ["size", "content"])
def test_the_url_takes_no_other_bytes(api: Api, change: str) -> None:
    content = content_of(1_000)
    upload = offered(api, content)
    other = content + b" " if change == "size" else content.replace(b"x", b"y")

    # S3 refuses both by the signature and the checksum.
    assert put(upload, other, **{"Content-Length": str(len(other))}) in {400, 403}
    assert {} == objects(api, f"uploads/{upload['upload_id']}/")


@pytest.mark.parametrize(("change", "field"), [("size", "payload_ref.bytes"), ("content", "payload_ref.sha256")])
def test_an_upload_that_is_not_what_was_announced_cannot_be_committed(api: Api, change: str, field: str) -> None:
    content = content_of(1_000)
    upload = offered(api, content)
    other = content + b" " if change == "size" else content.replace(b"x", b"y")
    # Past the URL, as nobody could on AWS.
    api.aws("s3").put_object(
        Bucket=api.outputs["payload_bucket"],
        Key=f"uploads/{upload['upload_id']}/{upload['payload_ref']['sha256']}",
        Body=other,
        ChecksumAlgorithm="SHA256",
    )

    answer = api.post({"type": "report", "payload_ref": upload["payload_ref"]})

    assert (422, "upload_mismatch", [field]) == refusal(answer)


def test_in_a_batch_an_upload_is_one_event_among_others(api: Api) -> None:
    content, run = content_of(300_000), f"uploads-{uuid.uuid4()}"
    made, missing = uploaded(api, content), offered(api, content_of(1_000))["payload_ref"]
    batch = [
        {"event_id": f"{run}-1", "type": run, "payload_ref": made},
        {"event_id": f"{run}-2", "type": run, "payload_ref": missing},
        {"event_id": f"{run}-3", "type": run, "payload": 3},
    ]

    answer = api.client.post("/events/batch", json=batch).json()

    assert [202, 422, 202] == [item["status_code"] for item in answer["items"]]
    assert "upload_missing" == answer["items"][1]["error"]["code"]
    assert content == httpx.get(api.get_event(f"{run}-1")["payload_url"]).content
    assert 3 == api.get_event(f"{run}-3")["payload"]


def test_a_handler_reads_what_was_uploaded_and_no_json_is_its_senders_fault(
    api: Api, effects: psycopg.Connection
) -> None:
    run = f"uploads-{uuid.uuid4()}"
    for name, content in (("json", b'{"n": 1}'), ("none", b"%PDF-1.7")):
        event = {"event_id": f"{run}-{name}", "type": "effect.read", "payload_ref": uploaded(api, content)}
        assert 202 == api.post(event).status_code

    assert "completed" == api.get_event(f"{run}-json")["status"]
    refused = api.get_event(f"{run}-none")
    assert ("dead_lettered", "payload_not_json") == (refused["status"], refused["errors"][-1]["code"])
    assert [(f"{run}-json",)] == effects.execute("SELECT event_id FROM test_effects").fetchall()
