"""`GET /events/{event_id}?schema_version=`: the event in the version asked for, and to the letter as ever without."""

import json

import pytest

from functions.common.errors import MalformedRequest
from functions.common.schema_errors import SchemaVersionUnreachable, UnknownSchemaVersion, UpcastFailed
from functions.query import versions
from functions.query.find import Finder
from functions.query.versions import read_version
from tests.support.fakes_query import InMemoryStoredEvents, a_link
from tests.support.stored_events import a_failed_event, a_payload_reference, a_stored_event
from tests.support.upcasters import EURO, WRAP, write_registry

SENT = '{ "euro": 1.50 }'


@pytest.fixture
def find(tmp_path):
    upcasters = write_registry(tmp_path, v1=None, v1_1=None, v2=EURO, v3=WRAP)

    def find_in(event, wanted=None):
        return Finder(events=InMemoryStoredEvents([event]), link=a_link, upcasters=upcasters).find("e-1", wanted)

    return find_in


def told(text):
    document = json.loads(text)
    return document["schema_version"], document["stored_schema_version"], document["payload"]


def test_an_older_event_is_answered_in_the_version_asked_for_with_the_one_it_was_sent_in(find):
    event = a_stored_event(payload=SENT)

    assert ("2", "1", {"cents": 150}) == told(find(event, "2"))
    assert ("3", "1", {"total": {"cents": 150}}) == told(find(event, "latest"))


def test_all_else_is_what_is_stored(find):
    event = a_stored_event(payload=SENT)
    plain, converted = json.loads(find(event)), json.loads(find(event, "2"))

    assert {"payload", "schema_version", "stored_schema_version"} == {
        name for name in converted if converted[name] != plain.get(name, "missing")
    }


def test_without_the_parameter_the_answer_is_what_it_always_was(find):
    text = find(a_stored_event(payload=SENT))

    assert text.endswith(f', "payload": {SENT}}}')
    assert "stored_schema_version" not in text


@pytest.mark.parametrize(("own", "wanted"), [("1", "1"), ("1", "1.1"), ("3", "latest"), (None, "latest")])
def test_a_payload_that_needs_no_conversion_stays_as_the_client_wrote_it(find, own, wanted):
    text = find(a_stored_event(payload=SENT, schema_version=own), wanted)

    assert text.endswith(f', "payload": {SENT}}}')
    assert ("3" if wanted == "latest" else wanted, own) == told(text)[:2]


def test_latest_of_a_type_without_schemas_is_the_event_as_it_was_sent(find):
    text = find(a_stored_event(type="order.paid", schema_version="x", payload=SENT), "latest")

    assert ("x", "x", {"euro": 1.5}) == told(text)


@pytest.mark.parametrize(
    ("event_type", "message"),
    [("order.created", "There is 3, 2, 1.1, 1."), ("order.paid", "The event's type has no schemas.")],
)
@pytest.mark.parametrize("event", [a_stored_event, a_failed_event])
def test_a_version_that_there_is_not_is_named_with_those_there_are(find, event, event_type, message):
    with pytest.raises(UnknownSchemaVersion, match="no schema of that version") as refusal:
        find(event(type=event_type), "7")

    assert [("schema_version", message)] == [(one.field, one.message) for one in refusal.value.problems]


@pytest.mark.parametrize(
    ("own", "problem"), [("3", "is of version 3"), (None, "names no schema_version"), ("x", "not")]
)
def test_an_event_that_is_newer_or_of_no_version_is_refused(find, own, problem):
    with pytest.raises(SchemaVersionUnreachable, match=problem) as refusal:
        find(a_stored_event(schema_version=own), "2")

    assert (409, "schema_version_unreachable") == (refusal.value.status, refusal.value.code)


def test_an_upcaster_that_fails_is_told_as_a_conflict_with_its_step(find):
    with pytest.raises(UpcastFailed, match=r"order\.created 1\.1 → 2 raised KeyError in line 2") as refusal:
        find(a_stored_event(payload="{}"), "2")

    assert (409, "upcast_failed") == (refusal.value.status, refusal.value.code)


def test_a_large_payload_is_linked_where_nothing_has_to_be_converted_and_refused_where_something_has(find):
    event = a_stored_event(payload_ref=a_payload_reference())

    linked = json.loads(find(event, "1.1"))
    assert ("1.1", "1", False) == (linked["schema_version"], linked["stored_schema_version"], "payload" in linked)
    assert linked["payload_url"] == json.loads(find(event))["payload_url"]
    with pytest.raises(
        SchemaVersionUnreachable, match="too large to be converted here; without this parameter payload_url"
    ):
        find(event, "2")


def test_a_payload_that_upcasting_makes_too_large_for_an_answer_is_refused(tmp_path):
    text = f"def upcast(payload):\n    return '\"' * {versions.UPCAST_BYTES_MAX // 4}"
    upcasters = write_registry(tmp_path, v1=None, v2=text)
    finder = Finder(events=InMemoryStoredEvents([a_stored_event()]), link=a_link, upcasters=upcasters)

    with pytest.raises(UpcastFailed, match="larger than an answer may be"):
        finder.find("e-1", "2")


@pytest.mark.parametrize("event", [a_failed_event(), a_failed_event(type=None)])
@pytest.mark.parametrize("wanted", ["2", "latest"])
def test_an_event_that_failed_is_answered_as_its_record(find, event, wanted):
    document = json.loads(find(event, wanted))

    assert (None, None) == (document["schema_version"], document["stored_schema_version"])
    assert json.loads(find(event)) == {name: document[name] for name in document if name != "stored_schema_version"}


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ({}, None),
        ({"schema_version": ["1.10"]}, "1.10"),
        ({"schema_version": ["latest"]}, "latest"),
    ],
)
def test_the_parameter_is_a_version_or_latest(query, version):
    assert version == read_version(query)


@pytest.mark.parametrize("given", [["1", "2"], [], [""], ["v2"], ["01"], ["1.2.3.4"], ["2\n"], ["newest"], ["../1"]])
def test_what_is_no_version_is_malformed_and_names_the_parameter(given):
    with pytest.raises(MalformedRequest, match="1 query parameter is not valid") as refusal:
        read_version({"schema_version": given})

    assert ["schema_version"] == [problem.field for problem in refusal.value.problems]


def test_parameters_that_this_call_does_not_have_are_named_like_a_wrong_version():
    with pytest.raises(MalformedRequest, match="2 query parameters are not valid") as refusal:
        read_version({"schemaversion": ["2"], "schema_version": ["newest"]})

    assert ["schemaversion", "schema_version"] == [problem.field for problem in refusal.value.problems]
    assert "known is schema_version" in refusal.value.problems[0].message
