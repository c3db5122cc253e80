"""The cursor: comes back as it was, and nothing else is taken for one."""

import dataclasses
import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.common.errors import InvalidCursor
from functions.common.names import EventStatus
from functions.query import cursor
from functions.query.ports import EventFilters, Order, PageKey
from tests.support.fakes_query import CURSOR_KEY

BASE64URL = string.ascii_letters + string.digits + "-_"

moments = st.datetimes(timezones=st.just(UTC))
texts = st.none() | st.text(min_size=1, max_size=20)
keys = st.builds(
    PageKey,
    received_at=moments,
    event_id=st.text(string.ascii_letters + string.digits + "._:-", min_size=1, max_size=128),
)
filters = st.builds(
    EventFilters,
    status=st.sampled_from(EventStatus),
    type=texts,
    source=texts,
    user_id=texts,
    correlation_id=texts,
    received_from=st.none() | moments,
    received_before=st.none() | moments,
)
# Of one length: HMAC pads a short key with zeros, so a key and the same key with a zero behind it are one.
secrets = st.binary(min_size=32, max_size=32)


@given(key=keys, chosen=filters, order=st.sampled_from(Order), secret=secrets)
def test_a_cursor_gives_back_its_key_to_the_microsecond(key, chosen, order, secret):
    text = cursor.encode(key, chosen, order, secret=secret)

    assert key == cursor.decode(text, chosen, order, secret=secret)


@given(key=keys, chosen=filters)
def test_a_cursor_goes_into_a_url_as_it_is(key, chosen):
    text = cursor.encode(key, chosen, secret=CURSOR_KEY)

    assert set(text) <= set(BASE64URL)


@given(key=keys, chosen=filters, position=st.integers(min_value=0), character=st.characters())
def test_a_cursor_with_one_character_changed_is_refused(key, chosen, position, character):
    text = cursor.encode(key, chosen, secret=CURSOR_KEY)
    position %= len(text)
    assume(text[position] != character)
    tampered = text[:position] + character + text[position + 1 :]

    with pytest.raises(InvalidCursor, match="cursor"):
        cursor.decode(tampered, chosen, secret=CURSOR_KEY)


@given(key=keys)
def test_every_other_spelling_of_the_last_character_is_refused(key):
    """base64 leaves bits unused at the end: several characters there decode to the same bytes."""
    text = cursor.encode(key, EventFilters(), secret=CURSOR_KEY)

    for character in set(BASE64URL) - {text[-1]}:
        with pytest.raises(InvalidCursor, match="cursor"):
            cursor.decode(text[:-1] + character, EventFilters(), secret=CURSOR_KEY)


@given(key=keys, chosen=filters, position=st.integers(min_value=0), extra=st.characters())
def test_a_cursor_with_a_character_too_many_is_refused(key, chosen, position, extra):
    text = cursor.encode(key, chosen, secret=CURSOR_KEY)
    position %= len(text) + 1

    with pytest.raises(InvalidCursor, match="cursor"):
        cursor.decode(text[:position] + extra + text[position:], chosen, secret=CURSOR_KEY)


@given(key=keys, chosen=filters, length=st.integers(min_value=0))
def test_a_truncated_cursor_is_refused(key, chosen, length):
    text = cursor.encode(key, chosen, secret=CURSOR_KEY)

    with pytest.raises(InvalidCursor, match="cursor"):
        cursor.decode(text[: length % len(text)], chosen, secret=CURSOR_KEY)


@given(key=keys, chosen=filters, others=filters)
def test_a_cursor_for_other_filters_is_refused(key, chosen, others):
    assume(chosen != others)
    text = cursor.encode(key, chosen, secret=CURSOR_KEY)

    with pytest.raises(InvalidCursor, match="made for other filters"):
        cursor.decode(text, others, secret=CURSOR_KEY)


@given(key=keys, chosen=filters, order=st.sampled_from(Order))
def test_a_cursor_of_the_other_order_is_refused_with_the_order_it_was_made_for(key, chosen, order):
    """Behind the same event lies the other half of the list: pages would go back where they came from."""
    (other,) = set(Order) - {order}
    text = cursor.encode(key, chosen, order, secret=CURSOR_KEY)

    with pytest.raises(InvalidCursor, match=f"made for the order {order}; repeat that of the first page"):
        cursor.decode(text, chosen, other, secret=CURSOR_KEY)


def test_a_cursor_from_before_there_were_two_orders_still_leads_on():
    """A client in the middle of its pages should not notice a deployment."""
    key = PageKey(received_at=datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC), event_id="e-1")
    text = "AQAGYPBVUhJAi62qqCS47A6emXMZnc5D4mUtMf4a_O_oycYI6oMRrrfVIGy6y69wp2Ss5lcLMv5Ml0no"

    assert key == cursor.decode(text, EventFilters(user_id="u-1"), secret=CURSOR_KEY)


@given(key=keys, secret=secrets, other=secrets)
def test_a_cursor_signed_with_another_key_is_refused(key, secret, other):
    assume(secret != other)
    text = cursor.encode(key, EventFilters(), secret=other)

    with pytest.raises(InvalidCursor, match="was changed"):
        cursor.decode(text, EventFilters(), secret=secret)


@given(text=st.text(max_size=200))
def test_no_other_text_is_a_cursor(text):
    with pytest.raises(InvalidCursor, match="cursor"):
        cursor.decode(text, EventFilters(), secret=CURSOR_KEY)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(EventFilters)])
def test_every_filter_is_part_of_the_fingerprint(name):
    """A filter added later and forgotten here would let a cursor wander into another list."""
    values = {"status": EventStatus.FAILED, "received_from": datetime(2026, 1, 1, tzinfo=UTC)}
    values["received_before"] = values["received_from"]
    changed = dataclasses.replace(EventFilters(), **{name: values.get(name, "x")})
    key = PageKey(received_at=datetime(2026, 1, 1, tzinfo=UTC), event_id="e")

    with pytest.raises(InvalidCursor, match="made for other filters"):
        cursor.decode(cursor.encode(key, EventFilters(), secret=CURSOR_KEY), changed, secret=CURSOR_KEY)


def test_the_same_moment_in_another_offset_is_the_same_filter():
    moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
    key = PageKey(received_at=moment, event_id="e")
    text = cursor.encode(key, EventFilters(received_from=moment), secret=CURSOR_KEY)
    elsewhere = EventFilters(received_from=moment.astimezone(timezone(timedelta(hours=2))))

    assert key == cursor.decode(text, elsewhere, secret=CURSOR_KEY)


def test_a_refused_cursor_names_the_parameter():
    with pytest.raises(InvalidCursor, match="not one that this API made") as refused:
        cursor.decode("x", EventFilters(), secret=CURSOR_KEY)

    assert ["cursor"] == [problem.field for problem in refused.value.problems]
