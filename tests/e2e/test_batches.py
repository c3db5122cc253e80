"""Many events in one request, and packed ones: through the gateway, into the table."""

import gzip
import json
import time
from typing import Any

import httpx
import psycopg
import pytest

from fluxa.local.platform import LocalPlatform
from tests.support.api import Api, eventually
from tests.support.packing import PACKERS, zstd

pytestmark = pytest.mark.e2e

BAD = {
    3: '{"type":5}',
    77: '{"type":"t","payload":NaN}',
    150: '{"type":"t","payload":"\\u0000"}',
    151: '"no event"',
    260: '{"type":"t","tpye":"u"}',
    388: '{"type":"t","payload":' + "[" * 65 + "]" * 65 + "}",
    499: '{"type":"t","payload":1e400}',
}
"""Place → what is wrong there."""


def post(api: Api, body: str | bytes, media_type: str = "application/json", **headers: str) -> httpx.Response:
    return api.client.post("/events/batch", content=body, headers={"Content-Type": media_type} | headers)


def await_count(platform: LocalPlatform, type: str, expected: int) -> None:
    """Wait until so many events of a type are stored, and see that no more come."""
    with psycopg.connect(platform.outputs.database_url, autocommit=True) as connection:

        def count() -> int:
            row = connection.execute("SELECT count(*) FROM events WHERE type = %s", [type]).fetchone()
            assert row
            return int(row[0])

        eventually(lambda: count() >= expected, timeout_seconds=60)
        time.sleep(0.5)
        assert expected == count()


def test_of_five_hundred_events_the_seven_bad_ones_alone_are_refused(api: Api, platform: LocalPlatform) -> None:
    kind = f"batch-{time.time_ns()}"
    events = [BAD.get(place, json.dumps({"type": kind, "payload": {"n": place}})) for place in range(500)]

    answer = post(api, f"[{','.join(events)}]", **{"X-Correlation-Id": kind})

    result = answer.json()
    assert (207, 493, 7, 0) == (answer.status_code, result["accepted"], result["rejected"], result["failed"])
    assert list(BAD) == [item["index"] for item in result["items"] if item["status"] == "rejected"]
    assert list(range(500)) == [item["index"] for item in result["items"]]
    await_count(platform, kind, 493)
    stored = api.get_event(result["items"][498]["event_id"])
    assert ({"n": 498}, kind) == (stored["payload"], stored["correlation_id"])


def test_a_batch_sent_twice_under_its_key_is_stored_once(api: Api, platform: LocalPlatform) -> None:
    key = f"import-{time.time_ns()}"
    body = json.dumps([{"type": key, "payload": number} for number in range(40)])

    first, second = (post(api, body, **{"Idempotency-Key": key}) for _ in range(2))

    assert [f"{key}:{number}" for number in range(40)] == [item["event_id"] for item in first.json()["items"]]
    assert first.json()["items"] == second.json()["items"]
    await_count(platform, key, 40)


def test_large_and_small_payloads_share_a_batch(api: Api, platform: LocalPlatform) -> None:
    kind = f"mixed-{time.time_ns()}"
    # Eleven of 200 kB would be more than one call to SQS may carry, although they are few enough for two.
    sizes = [200_000] * 11 + [400_000] * 4 + [10] * 20

    answer = post(api, json.dumps([{"type": kind, "payload": "x" * size} for size in sizes]))

    assert {202} == {item["status_code"] for item in answer.json()["items"]}
    await_count(platform, kind, len(sizes))
    large = api.get_event(answer.json()["items"][11]["event_id"])
    assert 400_002 == len(httpx.get(large["payload_url"]).content) == large["payload_bytes"]


def cloudevents(kind: str) -> list[dict[str, Any]]:
    return [{"specversion": "1.0", "id": f"{kind}-{n}", "source": "/s", "type": kind, "data": n} for n in range(3)]


@pytest.mark.parametrize(
    ("media_type", "write"),
    [
        ("application/json", lambda events: json.dumps(events).encode()),
        ("application/cloudevents-batch+json", lambda events: json.dumps(events).encode()),
        ("application/x-ndjson", lambda events: "\n".join(map(json.dumps, events)).encode()),
        ("application/gzip", lambda events: gzip.compress(json.dumps(events).encode())),
        ("application/zstd", lambda events: zstd.compress("\n".join(map(json.dumps, events)).encode())),
    ],
    ids=["json", "cloudevents", "lines", "gzip", "zstd"],
)
def test_every_form_of_a_batch_is_stored(api: Api, platform: LocalPlatform, media_type: str, write: Any) -> None:
    kind = f"form-{time.time_ns()}"

    answer = post(api, write(cloudevents(kind)), media_type)

    assert [202] * 3 == [item["status_code"] for item in answer.json()["items"]]
    await_count(platform, kind, 3)


@pytest.mark.parametrize(("media_type", "pack"), PACKERS.items(), ids=PACKERS)
def test_a_compressed_event_is_stored_as_it_was_written(api: Api, media_type: str, pack: Any) -> None:
    """The emulator hands binary media types on in base64, as AWS does."""
    body = pack(b'{"type":"packed","payload":{"n":1.50,"name":"gr\xc3\xbcezi"}}')

    accepted = api.client.post("/events", content=body, headers={"Content-Type": media_type})

    assert 202 == accepted.status_code, accepted.text
    answer = eventually(lambda: _found(api.client.get(f"/events/{accepted.json()['event_id']}")))
    assert '"payload": {"n":1.50,"name":"grüezi"}' in answer.text


def _found(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.status_code == 200 else None


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])
def test_a_content_encoding_that_the_gateway_does_not_keep_is_told_what_works(api: Api, coding: str, pack: Any) -> None:
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}

    answer = api.client.post("/events", content=pack(b'{"type":"t"}'), headers=headers)

    assert (400, "malformed_request") == (answer.status_code, answer.json()["code"])
    assert f"application/{coding}" in answer.json()["detail"]


def test_an_event_may_not_be_called_as_the_batches_path(api: Api) -> None:
    answer = api.post({"type": "t", "event_id": "batch"})

    assert (422, "invalid_event") == (answer.status_code, answer.json()["code"])
