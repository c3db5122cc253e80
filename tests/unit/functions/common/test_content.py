"""What "the same content" means under one id."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.envelope import content_digest, decode, encode, payload_digest
from functions.common.events import EventFields
from tests.support.envelopes import an_envelope, an_offloaded_envelope

MOMENT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SAID = an_envelope(
    "e-1",
    source="/shop",
    user_id="u-1",
    schema_version="2",
    occurred_at=MOMENT,
    attributes={"subject": "order 7", "traceparent": "00-1"},
)


@pytest.mark.parametrize(
    "other",
    [
        {"type": "order.deleted"},
        {"source": "/other"},
        {"source": None},
        {"user_id": "u-2"},
        {"schema_version": "3"},
        {"occurred_at": MOMENT + timedelta(microseconds=1)},
        {"occurred_at": None},
        {"attributes": {"subject": "order 8", "traceparent": "00-1"}},
        {"attributes": None},
        {"payload_sha256": payload_digest(b"other")},
    ],
    ids=str,
)
def test_whatever_a_client_says_belongs_to_the_content(other):
    assert content_digest(SAID) != content_digest(replace(SAID, **other))


@pytest.mark.parametrize(
    "other",
    [
        {"correlation_id": "c-2"},
        {"received_at": MOMENT + timedelta(days=1)},
        {"event_id": "e-2"},
        {"attributes": {"traceparent": "00-1", "subject": "order 7"}},
    ],
    ids=str,
)
def test_what_a_retry_changes_does_not(other):
    assert content_digest(SAID) == content_digest(replace(SAID, **other))


def test_the_way_a_payload_travels_is_not_content():
    assert an_envelope("e-1").content_sha256 == an_offloaded_envelope("e-1").content_sha256


def test_a_moment_is_the_same_in_every_time_zone():
    there = MOMENT.astimezone(timezone(timedelta(hours=5))).isoformat()
    first, second = (EventFields(type="t", occurred_at=text).occurred_at for text in (MOMENT.isoformat(), there))

    assert content_digest(replace(SAID, occurred_at=first)) == content_digest(replace(SAID, occurred_at=second))


def test_values_do_not_run_into_each_other():
    one = replace(SAID, source="a", user_id="bc")
    other = replace(SAID, source="ab", user_id="c")

    assert content_digest(one) != content_digest(other)


@given(
    st.none() | st.text(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.dictionaries(st.text(min_size=1), st.text()),
)
def test_the_queue_does_not_change_it(source, occurred_at, attributes):
    envelope = an_envelope(source=source, occurred_at=occurred_at, attributes=attributes)

    assert envelope.content_sha256 == content_digest(decode(encode(envelope)))
