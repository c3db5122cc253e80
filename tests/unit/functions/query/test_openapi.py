"""The query function keeps what `openapi.yaml` promises."""

import json
from pathlib import Path

import pytest
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from functions.common.errors import DatabaseUnavailable
from functions.common.names import EventStatus
from functions.query import parameters
from functions.query.documents import event_text
from functions.query.find import Finder
from functions.query.health import Health
from functions.query.listing import Lister
from functions.query.parameters import ListRequest
from functions.query.ports import EventFilters, Order
from functions.query.timeline import EntryKind, Historian
from tests.support.event_histories import a_history, a_redriven_history, an_attempt
from tests.support.fakes_query import (
    FakeService,
    InMemoryEventHistories,
    InMemoryStoredEvents,
    SteadyStopwatch,
    a_cursor_key,
    a_link,
)
from tests.support.stored_events import a_failed_event, a_payload_reference, a_stored_event, an_error

DOCUMENT = yaml.safe_load(Path("openapi.yaml").read_text())


def list_parameters():
    """Return the schema of each query parameter of `GET /events`, by its name."""
    shared = DOCUMENT["components"]["parameters"]
    named = [shared[item["$ref"].rpartition("/")[2]] for item in DOCUMENT["paths"]["/events"]["get"]["parameters"]]
    return {parameter["name"]: parameter["schema"] for parameter in named if parameter["in"] == "query"}


LIST_PARAMETERS = list_parameters()


def problems(schema, text):
    """Return what is wrong with a JSON text, by the schema of this name."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    validator = OAS30Validator(whole, format_checker=oas30_format_checker)
    return [error.message for error in validator.iter_errors(json.loads(text))]


EVENTS = {
    "inline": a_stored_event(errors=(an_error(),), attempts=2),
    "null payload": a_stored_event(payload="null"),
    "in S3": a_stored_event(payload_ref=a_payload_reference()),
    "bare": a_stored_event(attributes=None, source=None, user_id=None, schema_version=None, occurred_at=None),
    "dead-lettered": a_failed_event(),
    "unreadable": a_failed_event(type=None, source=None, user_id=None, correlation_id=None),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_an_event_is_as_described(event):
    finder = Finder(events=InMemoryStoredEvents([event]), link=a_link)

    assert [] == problems("StoredEvent", finder.find("e-1"))


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_a_page_is_as_described(event):
    lister = Lister(events=InMemoryStoredEvents([event, event]), cursor_key=a_cursor_key)

    page = lister.page(ListRequest(filters=EventFilters(status=event.summary.status), limit=1))

    assert [] == problems("EventPage", page)


HISTORIES = {
    "stored": a_history(),
    "from before timelines": a_history(queued_at=None, failures=(an_attempt(1),)),
    "redriven": a_redriven_history(),
    "failed and unreadable": a_history(
        status=EventStatus.FAILED, completed_at=None, correlation_id=None, failures=(an_attempt(7),)
    ),
    "without a record": a_history(attempts=None, queued_at=None),
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_a_timeline_is_as_described(history):
    text = Historian(histories=InMemoryEventHistories([history])).timeline("e-1")

    assert [] == problems("Timeline", text)


def test_the_kinds_described_are_the_kinds_there_are():
    assert list(EntryKind) == DOCUMENT["components"]["schemas"]["TimelineEntry"]["properties"]["kind"]["enum"]


@pytest.mark.parametrize("name", ["Timeline", "ProcessingError"])
def test_an_example_is_as_described(name):
    assert [] == problems(name, json.dumps(DOCUMENT["components"]["schemas"][name]["example"]))


@pytest.mark.parametrize("error", [None, DatabaseUnavailable("down"), ZeroDivisionError("a bug")])
def test_a_health_report_is_as_described(error):
    health = Health(
        stack="dev",
        version="1",
        settings_fingerprint="f",
        checks={"database": FakeService(error), "queue": FakeService()},
        stopwatch=SteadyStopwatch(),
    )

    assert [] == problems("Health", health.report().text)


def test_an_answer_with_a_field_too_many_would_be_noticed():
    text = event_text(a_stored_event(), payload_url=None)

    assert ["Additional properties are not allowed ('extra' was unexpected)"] == problems(
        "StoredEvent", f'{text[:-1]}, "extra": 1}}'
    )


def test_the_parameters_described_are_the_parameters_read():
    known = "known are correlation_id, cursor, from, limit, order, source, status, to, type, user_id"

    assert sorted(LIST_PARAMETERS) == known.removeprefix("known are ").split(", ")
    with pytest.raises(parameters.MalformedRequest, match="not valid") as refusal:
        parameters.read_parameters({"x": ["1"]})
    assert known in refusal.value.problems[0].message


def test_the_orders_described_are_the_orders_known():
    order = LIST_PARAMETERS["order"]

    assert (parameters.ListRequest(filters=EventFilters()).order, list(Order)) == (order["default"], order["enum"])


def test_the_limits_described_are_the_limits_kept():
    limit, text = LIST_PARAMETERS["limit"], DOCUMENT["components"]["schemas"]["FilterText"]

    assert (parameters.LIMIT_DEFAULT, parameters.LIMIT_MAX) == (limit["default"], limit["maximum"])
    assert parameters.TEXT_MAX_LENGTH == text["maxLength"]


def test_the_longest_cursor_is_within_the_length_described():
    event = a_stored_event("x" * 128)
    lister = Lister(events=InMemoryStoredEvents([event, event]), cursor_key=a_cursor_key)

    page = json.loads(lister.page(ListRequest(filters=EventFilters(), limit=1)))

    assert len(page["next_cursor"]) <= LIST_PARAMETERS["cursor"]["maxLength"]
