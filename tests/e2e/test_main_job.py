"""The main job: an event goes in over HTTP and can be asked about, with everything real in between."""

import gzip
import json
import time

import httpx
import pytest

from tests.support.api import Api, eventually

pytestmark = pytest.mark.e2e


def test_an_event_can_be_read_back_as_it_was_sent(api: Api) -> None:
    sent = {"type": "order.created", "user_id": "u1", "payload": {"n": 1.50, "name": "grüezi"}}

    accepted = api.post(sent).json()
    event = api.get_event(accepted["event_id"])

    assert (
        event["type"],
        event["user_id"],
        event["payload"],
        event["status"],
    ) == ("order.created", "u1", {"n": 1.5, "name": "grüezi"}, "completed")


def test_what_curl_sends_by_default_is_an_event(api: Api) -> None:
    answer = api.client.post(
        "/events", content=b'{"type":"t"}', headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 202


def test_a_large_payload_comes_back_through_a_link(api: Api) -> None:
    payload = "x" * 3_000_000

    accepted = api.post({"type": "document.scanned", "payload": payload}).json()
    event = api.get_event(accepted["event_id"])

    assert "payload" not in event
    assert event["payload_bytes"] == 3_000_002
    assert payload == httpx.get(event["payload_url"]).json()


def test_one_correlation_id_is_found_at_every_hop(api: Api) -> None:
    """The response, the logs of both functions, the dead letter's attributes and the row name the same id."""
    correlation_id = f"trace-{time.time_ns()}"

    answer = api.post({"type": "t"}, headers={"X-Correlation-Id": correlation_id})
    event = api.get_event(answer.json()["event_id"])

    assert correlation_id == answer.headers["X-Correlation-Id"] == answer.json()["correlation_id"]
    assert correlation_id == event["correlation_id"]
    for function in ("ingest", "processor"):
        eventually(lambda function=function: api.log_lines(function, correlation_id))


def test_the_same_event_twice_is_stored_once(api: Api) -> None:
    event = {"event_id": f"twice-{time.time_ns()}", "type": "twice", "payload": 1}

    first, second = api.post(event), api.post(event)
    api.get_event(event["event_id"])

    assert [first.status_code, second.status_code] == [202, 202]
    eventually(lambda: api.log_lines("processor", '"outcome": "duplicate"', event["event_id"]))
    assert len(api.list_events(type="twice", correlation_id=first.json()["correlation_id"])["items"]) == 1


def test_an_id_used_again_for_other_content_is_parked_with_its_reason(api: Api) -> None:
    event_id = f"reused-{time.time_ns()}"
    api.post({"event_id": event_id, "type": "t", "payload": 1})
    stored = api.get_event(event_id)

    api.post({"event_id": event_id, "type": "t", "payload": 2}, headers={"X-Correlation-Id": event_id})

    [letter] = eventually(lambda: [item for item in api.dead_letters() if event_id in item["Body"]])
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert ("event_id_reused", event_id) == (attributes["dead_letter_reason"], attributes["correlation_id"])
    assert stored["payload"] == api.get_event(event_id)["payload"]


BAD_REQUESTS: list[tuple[str, bytes, dict[str, str], int, str]] = [
    ("malformed JSON", b"{", {}, 400, "malformed_json"),
    ("no body", b"", {}, 400, "malformed_json"),
    ("not an object", b"[]", {}, 400, "malformed_json"),
    ("wrong type", b'{"type":5}', {}, 422, "invalid_event"),
    ("unknown field", b'{"type":"t","colour":1}', {}, 422, "invalid_event"),
    ("bad timestamp", b'{"type":"t","occurred_at":"noon"}', {}, 422, "invalid_event"),
    ("NaN", b'{"type":"t","payload":NaN}', {}, 400, "malformed_json"),
    ("1e400", b'{"type":"t","payload":1e400}', {}, 400, "malformed_json"),
    ("NUL", b'{"type":"t","payload":"\\u0000"}', {}, 400, "malformed_json"),
    ("lone surrogate", b'{"type":"t","payload":"\\ud800"}', {}, 400, "malformed_json"),
    ("65 levels", b'{"type":"t","payload":' + b"[" * 65 + b"]" * 65 + b"}", {}, 400, "malformed_json"),
    ("5,000 levels", b'{"type":"t","payload":' + b"[" * 5000 + b"]" * 5000 + b"}", {}, 400, "malformed_json"),
    ("5 MiB and a byte", b'{"type":"t","payload":"' + b"x" * 5_242_855 + b'"} ', {}, 413, "payload_too_large"),
    ("gzip that is not", b'{"type":"t"}', {"Content-Type": "application/gzip"}, 400, "malformed_request"),
    ("gzip as text", gzip.compress(b'{"type":"t"}'), {"Content-Encoding": "gzip"}, 400, "malformed_request"),
    ("another encoding", b'{"type":"t"}', {"Content-Encoding": "br"}, 415, "unsupported_media_type"),
    ("another type", b"type=t", {"Content-Type": "text/csv"}, 415, "unsupported_media_type"),
]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"), [case[1:] for case in BAD_REQUESTS], ids=[case[0] for case in BAD_REQUESTS]
)
def test_bad_input_gets_a_problem_document(
    api: Api, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = api.client.post("/events", content=body, headers={"Content-Type": "application/json"} | headers)

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
    problem = answer.json()
    assert (status, code) == (problem["status"], problem["code"])
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]


@pytest.mark.parametrize("headers", [{"x-api-key": ""}, {"x-api-key": "wrong"}])
def test_without_a_valid_key_nothing_is_answered(api: Api, headers: dict[str, str]) -> None:
    answer = api.client.post("/events", json={"type": "t"}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/events/never-sent", 404, "event_not_found"),
        ("/events?cursor=abc", 400, "invalid_cursor"),
        ("/events?limit=0", 400, "malformed_request"),
        ("/events?from=yesterday", 400, "malformed_request"),
        ("/events?user_id=%00", 400, "malformed_request"),
        ("/events?colour=red", 400, "malformed_request"),
    ],
)
def test_bad_questions_get_a_problem_document(api: Api, path: str, status: int, code: str) -> None:
    answer = api.client.get(path)

    assert (status, code) == (answer.status_code, answer.json()["code"])


def test_a_tampered_cursor_is_refused(api: Api) -> None:
    for number in range(3):
        api.get_event(api.post({"type": "paged", "payload": number}).json()["event_id"])
    cursor = api.list_events(type="paged", limit=1)["next_cursor"]

    tampered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")

    assert api.client.get("/events", params={"type": "paged", "limit": 1, "cursor": cursor}).status_code == 200
    assert api.client.get("/events", params={"type": "paged", "limit": 1, "cursor": tampered}).status_code == 400


def test_health_names_the_build_and_no_inside(api: Api) -> None:
    answer = api.client.get("/health")

    health = answer.json()
    assert (answer.status_code, health["status"], health["stack"]) == (200, "ok", "local")
    assert "127.0.0.1" not in json.dumps(health)


def test_metrics_arrive_in_cloudwatch(api: Api) -> None:
    api.get_event(api.post({"type": "t"}).json()["event_id"])

    expected = {"EventsAccepted", "EventsProcessed"}
    eventually(lambda: expected <= api.metric_names())
