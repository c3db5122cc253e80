"""The query string of `GET /events`: what is taken, and what each refusal says."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.errors import MalformedRequest
from functions.common.names import EventStatus
from functions.query.parameters import ListRequest, read_parameters
from functions.query.ports import EventFilters, Order

TIME_RULE = "Must be an RFC 3339 time with an offset, such as 2026-11-23T12:00:00Z."
NO_SUCH_TIME = "Is not a date and time that exists."
LIMIT_RULE = "Must be a whole number from 1 to 1000."


def refused(query):
    """Return the message for each parameter that was refused."""
    with pytest.raises(MalformedRequest, match="not valid") as refusal:
        read_parameters(query)
    return {problem.field: problem.message for problem in refusal.value.problems}


def test_without_parameters_the_fifty_newest_completed_events_are_asked_for():
    assert ListRequest(filters=EventFilters(status=EventStatus.COMPLETED), limit=50) == read_parameters({})


def test_every_parameter_is_read():
    query = {
        "user_id": ["u-1"],
        "type": ["order.created"],
        "source": ["/shop/köln 😀"],
        "correlation_id": ["c-1"],
        "status": ["dead_lettered"],
        "from": ["2026-11-23T13:00:00.5+01:00"],
        "to": ["2026-11-24t00:00:00z"],
        "order": ["oldest"],
        "limit": ["1000"],
        "cursor": ["AbC-_"],
    }
    filters = EventFilters(
        user_id="u-1",
        type="order.created",
        source="/shop/köln 😀",
        correlation_id="c-1",
        status=EventStatus.DEAD_LETTERED,
        received_from=datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC),
        received_before=datetime(2026, 11, 24, tzinfo=UTC),
    )

    assert ListRequest(filters=filters, order=Order.OLDEST, limit=1000, cursor="AbC-_") == read_parameters(query)


@pytest.mark.parametrize("name", ["user_id", "type", "source", "correlation_id"])
@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "a\udfff", "x" * 256])
def test_text_that_no_event_can_carry_is_refused_before_the_database_sees_it(name, text):
    assert [name] == list(refused({name: [text]}))


@pytest.mark.parametrize(
    "name", ["user_id", "type", "source", "correlation_id", "status", "from", "to", "order", "limit", "cursor"]
)
def test_an_empty_value_is_refused_for_every_parameter(name):
    assert {name: "Must not be empty; leave the parameter out instead."} == refused({name: [""]})


@pytest.mark.parametrize("name", ["user_id", "status", "from", "limit", "cursor"])
def test_a_repeated_parameter_is_refused_even_with_equal_values(name):
    assert {name: "Must be given once, not 2 times."} == refused({name: ["1", "1"]})


def test_an_unknown_parameter_is_refused_and_the_known_ones_named():
    expected = (
        "Is not a parameter of this call; "
        "known are correlation_id, cursor, from, limit, order, source, status, to, type, user_id."
    )

    assert {"userid": expected} == refused({"userid": ["u-1"]})


@pytest.mark.parametrize("text", ["pending", "COMPLETED", "completed,failed", "\x00"])
def test_an_unknown_status_is_refused(text):
    assert {"status": "Must be one of completed, failed, dead_lettered."} == refused({"status": [text]})


@pytest.mark.parametrize("text", ["asc", "NEWEST", "newest,oldest", "-received_at", "\x00"])
def test_an_unknown_order_is_refused(text):
    assert {"order": "Must be one of newest, oldest."} == refused({"order": [text]})


@pytest.mark.parametrize(
    "text", ["0", "-1", "+1", "1001", "10000", "1.0", "1e2", "0x10", " 5", "05", "\u0665", "five", "\x00"]
)
def test_a_limit_outside_1_to_1000_is_refused(text):
    assert {"limit": LIMIT_RULE} == refused({"limit": [text]})


@pytest.mark.parametrize(("text", "limit"), [("1", 1), ("50", 50), ("1000", 1000)])
def test_limits_up_to_1000_are_taken(text, limit):
    assert limit == read_parameters({"limit": [text]}).limit


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", TIME_RULE),
        ("2026-11-23", TIME_RULE),
        ("2026-11-23T12:00:00", TIME_RULE),  # No offset: no moment.
        ("1763899200", TIME_RULE),
        ("2026-11-23T12:00Z", TIME_RULE),
        ("2026-11-23T12:00:00Z\x00", TIME_RULE),
        ("\ud800", TIME_RULE),
        ("2026-11-23T12:00:00 02:00", TIME_RULE.removesuffix(".") + "; write the + of an offset as %2B."),
        ("2026-02-30T12:00:00Z", NO_SUCH_TIME),
        ("2026-11-23T24:00:00Z", NO_SUCH_TIME),
        ("2026-11-23T12:00:00+24:00", NO_SUCH_TIME),
        ("0000-01-01T00:00:00Z", NO_SUCH_TIME),
        ("0001-01-01T00:00:00+00:01", NO_SUCH_TIME),
        ("9999-12-31T23:59:59-00:01", NO_SUCH_TIME),
    ],
)
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_time_that_names_no_moment_is_refused(name, text, message):
    assert {name: message} == refused({name: [text]})


@pytest.mark.parametrize("to", ["2026-11-23T12:00:00Z", "2026-11-23T13:00:00+02:00"])
def test_an_interval_that_holds_no_moment_is_refused(to):
    query = {"from": ["2026-11-23T12:00:00Z"], "to": [to]}

    assert {"from": "Must be earlier than to: the list would always be empty."} == refused(query)


def test_all_problems_are_reported_at_once():
    query = {
        "limit": ["0"],
        "colour": ["red"],
        "type": ["\x00"],
        "status": ["a", "b"],
        "from": ["2026-11-23T12:00:00Z"],
        "to": ["2026-11-23T12:00:00Z"],
    }

    assert {"limit", "colour", "type", "status", "from"} == set(refused(query))


def test_a_refused_value_is_not_repeated():
    """It may be secret, and it would end up in logs."""
    messages = refused({"limit": ["s3cret"], "from": ["s3cret"], "status": ["s3cret"], "type": ["s3cret\x00"]}).values()

    assert [] == [message for message in messages if "s3cret" in message]


names = st.sampled_from(
    ["user_id", "type", "source", "correlation_id", "status", "from", "to", "order", "limit", "cursor", "x"]
)


@given(query=st.dictionaries(names, st.lists(st.text(st.characters(), max_size=30), max_size=3)))
def test_any_query_string_is_read_or_refused_and_what_is_read_fits_the_database(query):
    try:
        filters = read_parameters(query).filters
    except MalformedRequest:
        return
    texts = [filters.type, filters.source, filters.user_id, filters.correlation_id]
    assert [] == [text for text in texts if text is not None and (not text or "\x00" in text or not text.encode())]
