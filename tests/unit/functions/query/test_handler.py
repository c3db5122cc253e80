"""The query function as API Gateway sees it."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass, field

import pytest

from functions.common import log
from functions.common.errors import DatabaseUnavailable, QueueUnavailable
from functions.common.metrics import Metrics
from functions.common.names import Service
from functions.query import handler
from functions.query.find import Finder
from functions.query.health import Health
from functions.query.listing import Lister
from functions.query.routes import Routes
from functions.query.timeline import Historian
from tests.support.event_histories import a_history
from tests.support.fakes_query import (
    BrokenEventHistories,
    BrokenStoredEvents,
    FakeService,
    InMemoryEventHistories,
    InMemoryStoredEvents,
    SteadyStopwatch,
    a_cursor_key,
    a_link,
    gateway_event,
)
from tests.support.stored_events import a_stored_event


@dataclass
class App:
    """What wiring would build, on fakes."""

    routes: Routes
    stopwatch: SteadyStopwatch = field(default_factory=SteadyStopwatch)
    written: list = field(default_factory=list)

    def __post_init__(self):
        self.metrics = Metrics(service=Service.QUERY, stack="test", write=self.written.append)


def an_app(*, events=None, database=None, histories=None):
    events = InMemoryStoredEvents([a_stored_event()]) if events is None else events
    return App(
        routes=Routes(
            finder=Finder(events=events, link=a_link),
            historian=Historian(histories=histories or InMemoryEventHistories([a_history()])),
            lister=Lister(events=events, cursor_key=a_cursor_key),
            health=Health(
                stack="test",
                version="1",
                settings_fingerprint="f",
                checks={"database": FakeService(database), "queue": FakeService()},
                stopwatch=SteadyStopwatch(),
            ),
        )
    )


def a_broken_app(error):
    """An app whose database fails in one way."""
    return an_app(events=BrokenStoredEvents(error), histories=BrokenEventHistories(error))


FIND = gateway_event("/events/{event_id}", path_parameters={"event_id": "e-1"})
TIMELINE = gateway_event("/events/{event_id}/timeline", path_parameters={"event_id": "e-1"})
LIST = gateway_event("/events")
HEALTH = gateway_event("/health")


def log_lines(event, app):
    """Return the answer and the log lines of one request."""
    with redirect_stdout(io.StringIO()) as out:
        log.configure(Service.QUERY, "INFO")
        answer = handler.handle(event, app)
    return answer, [json.loads(line) for line in out.getvalue().splitlines()]


def metric(app, name):
    return [json.loads(line)[name] for line in app.written if name in json.loads(line)]


@pytest.mark.parametrize("event", [FIND, TIMELINE, LIST, HEALTH], ids=["find", "timeline", "list", "health"])
def test_each_call_is_answered_with_json(event):
    answer, _ = log_lines(event, an_app())

    assert 200 == answer["statusCode"]
    assert "application/json" == answer["headers"]["Content-Type"]
    assert isinstance(json.loads(answer["body"]), dict)


@pytest.mark.parametrize("header", ["X-Correlation-Id", "x-correlation-id"])
@pytest.mark.parametrize(
    "event",
    [
        gateway_event("/events/{event_id}", path_parameters={"event_id": "e-1"}),
        gateway_event("/events/{event_id}", path_parameters={"event_id": "unknown"}),
        gateway_event("/events", query={"limit": ["0"]}),
        gateway_event("/health"),
        gateway_event("/nowhere"),
    ],
    ids=["found", "missing", "malformed", "health", "no-route"],
)
def test_every_answer_carries_the_correlation_id_and_is_never_cached(event, header):
    """AWS keeps the case of header names, the local gateway does not."""
    event = event | {"headers": event["headers"] | {header: "c-42"}}

    answer, lines = log_lines(event, an_app())

    assert ("c-42", "no-store") == (answer["headers"]["X-Correlation-Id"], answer["headers"]["Cache-Control"])
    assert ["c-42"] == [line["correlation_id"] for line in lines]


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ("1", 200, None),
        ("latest", 200, None),
        ("1234", 422, "unknown_schema_version"),
        ("v1", 400, "malformed_request"),
    ],
)
def test_an_event_is_asked_for_in_a_version_by_the_query_string(wanted, status, code):
    event = gateway_event("/events/{event_id}", path_parameters={"event_id": "e-1"}, query={"schema_version": [wanted]})

    answer, _ = log_lines(event, an_app())

    document = json.loads(answer["body"])
    assert (status, code) == (answer["statusCode"], document.get("code"))
    if code is None:
        assert "1" == document["stored_schema_version"]
    else:
        assert ["schema_version"] == [problem["field"] for problem in document["errors"]]


def test_an_event_is_found_with_its_payload_unchanged():
    answer, _ = log_lines(FIND, an_app())

    assert '"payload": {"n": 1.50, "n": 2}}' in answer["body"]


def test_a_served_request_is_one_log_line_and_one_count():
    app = an_app()

    _, [line] = log_lines(FIND, app)

    assert ("query_served", "/events/{event_id}", 200, 250.0) == (
        line["message"],
        line["route"],
        line["status"],
        line["milliseconds"],
    )
    assert [1] == metric(app, "QueriesServed")
    assert [] == metric(app, "QueriesFailed")


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (gateway_event("/events/{event_id}", path_parameters={"event_id": "unknown"}), 404, "event_not_found"),
        (gateway_event("/events/{event_id}", path_parameters={"event_id": "a b"}), 400, "malformed_request"),
        (gateway_event("/events/{event_id}/timeline", path_parameters={"event_id": "x"}), 404, "event_not_found"),
        (gateway_event("/events/{event_id}/timeline", path_parameters={"event_id": "a b"}), 400, "malformed_request"),
        (gateway_event("/events", query={"user_id": ["\x00"]}), 400, "malformed_request"),
        (gateway_event("/events", query={"user_id": ["\ud800"]}), 400, "malformed_request"),
        (gateway_event("/events", query={"limit": ["1", "2"]}), 400, "malformed_request"),
        (gateway_event("/events", query={"cursor": ["AAAA"]}), 400, "invalid_cursor"),
        (gateway_event("/events", query={"cursor": ["é"]}), 400, "invalid_cursor"),
        (gateway_event("/events", method="DELETE"), 404, "route_not_found"),
        (gateway_event("/nowhere"), 404, "route_not_found"),
    ],
)
def test_a_bad_request_is_a_problem_document_a_log_line_and_a_count(event, status, code):
    app = an_app()

    answer, [line] = log_lines(event, app)

    problem = json.loads(answer["body"])
    assert (status, status, code) == (answer["statusCode"], problem["status"], problem["code"])
    assert "application/problem+json" == answer["headers"]["Content-Type"]
    assert ("query_failed", code, "warning") == (line["message"], line["code"], line["level"])
    assert [1, 1] == metric(app, "QueriesFailed")
    assert [code] == metric(app, "Reason")


def test_every_bad_parameter_is_named_in_the_problem():
    answer, _ = log_lines(gateway_event("/events", query={"limit": ["0"], "from": ["now"], "x": [""]}), an_app())

    assert ["limit", "from", "x"] == [problem["field"] for problem in json.loads(answer["body"])["errors"]]


@pytest.mark.parametrize("event", [FIND, TIMELINE, LIST], ids=["find", "timeline", "list"])
def test_a_database_that_does_not_answer_is_a_503_with_retry_after(event):
    answer, _ = log_lines(event, a_broken_app(DatabaseUnavailable("down")))

    assert (503, "2") == (answer["statusCode"], answer["headers"]["Retry-After"])
    assert "database_unavailable" == json.loads(answer["body"])["code"]


@pytest.mark.parametrize("event", [FIND, TIMELINE, LIST], ids=["find", "timeline", "list"])
def test_a_bug_is_a_500_that_tells_the_client_nothing_and_the_log_everything(event):
    app = a_broken_app(ZeroDivisionError("secret inside"))

    answer, [line] = log_lines(event, app)

    assert (500, "unexpected") == (answer["statusCode"], json.loads(answer["body"])["code"])
    assert "secret inside" not in json.dumps(answer)
    assert ("error", "ZeroDivisionError") == (line["level"], line["exception"][0]["exc_type"])
    assert ["unexpected"] == metric(app, "Reason")


def test_degraded_health_is_a_503_that_says_which_check_failed():
    app = an_app(database=QueueUnavailable("whatever"))

    answer, [cause, line] = log_lines(HEALTH, app)

    assert (503, "2") == (answer["statusCode"], answer["headers"]["Retry-After"])
    assert "degraded" == json.loads(answer["body"])["status"]
    assert ("health_check_failed", "database", "whatever") == (cause["message"], cause["check"], cause["reason"])
    assert ("query_failed", "queue_unavailable") == (line["message"], line["code"])
    assert ["queue_unavailable"] == metric(app, "Reason")


def test_what_users_asked_for_is_not_logged():
    _, lines = log_lines(gateway_event("/events", query={"user_id": ["alice@example.com"]}), an_app())

    assert "alice" not in json.dumps(lines)


def test_pages_can_be_followed_through_the_api():
    app = an_app(events=InMemoryStoredEvents([a_stored_event(f"e-{n}") for n in range(3)]))
    seen, cursor = [], None
    while cursor or not seen:
        query = {"limit": ["2"]} | ({"cursor": [cursor]} if cursor else {})
        answer, _ = log_lines(gateway_event("/events", query=query), app)
        page = json.loads(answer["body"])
        seen += [item["event_id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert ["e-2", "e-1", "e-0"] == seen
