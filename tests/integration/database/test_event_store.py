"""The one statement that claims and stores, on a real server and with real concurrency.

What both the real store and the unit tests' fake must do is in `Contract…`; the rest only a server can show.
"""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from functions.adapters.event_store import PostgresEventStore
from functions.common.envelope import PayloadReference
from functions.common.errors import InvalidEvent
from functions.common.names import EventStatus
from functions.processor.ports import Arrival, Failure
from tests.support.envelopes import a_recent_envelope
from tests.support.postgres_fixtures import Lent

LIMIT = 20.0


@pytest.fixture
def store(database):
    return PostgresEventStore(database)


def news(claims):
    return [claim.is_new for claim in claims]


def a_failure(envelope, *, status=EventStatus.FAILED, code="warehouse_closed", message="Come back."):
    return Failure(envelope=envelope, status=status, code=code, message=message)


class TestContract:
    """Kept by the fake as well."""

    def test_a_new_event_is_claimed_once(self, any_store):
        event = a_recent_envelope("e-1")

        assert [True] == news(any_store.store([event], within_seconds=LIMIT))
        assert [False] == news(any_store.store([event], within_seconds=LIMIT))

    def test_of_several_deliveries_in_a_batch_the_first_counts(self, any_store):
        first, second = a_recent_envelope("e-1", payload="1"), a_recent_envelope("e-1", payload="2")

        claims = any_store.store([a_recent_envelope("e-0"), first, first, second], within_seconds=LIMIT)

        assert [True, True, False, False] == news(claims)
        assert [first.payload_sha256] * 3 == [claim.payload_sha256 for claim in claims[1:]]

    def test_a_claim_names_the_content_that_is_stored(self, any_store):
        first, second = a_recent_envelope("e-1", payload="1"), a_recent_envelope("e-1", payload="2")
        any_store.store([first], within_seconds=LIMIT)

        (claim,) = any_store.store([second], within_seconds=LIMIT)

        assert (False, first.payload_sha256) == (claim.is_new, claim.payload_sha256)

    def test_an_effect_that_fails_takes_the_claim_with_it(self, any_store):
        event = a_recent_envelope("e-1")

        def fail(_connection):
            raise ZeroDivisionError("bug")

        with pytest.raises(ZeroDivisionError, match="bug"):
            any_store.store_with(event, fail, within_seconds=LIMIT)

        assert any_store.store_with(event, lambda _connection: None, within_seconds=LIMIT).is_new

    def test_an_effect_runs_for_new_events_only(self, any_store):
        event, calls = a_recent_envelope("e-1"), []

        for _ in range(2):
            any_store.store_with(event, calls.append, within_seconds=LIMIT)

        assert 1 == len(calls)

    def test_a_stored_event_is_found_by_its_id_and_time_and_by_nothing_else(self, any_store):
        event = a_recent_envelope("e-1")
        any_store.store([event], within_seconds=LIMIT)

        found = any_store.find("e-1", event.received_at, within_seconds=LIMIT)

        assert event == replace(found, content_sha256=event.content_sha256)
        assert any_store.find("e-1", event.received_at + timedelta(seconds=1), within_seconds=LIMIT) is None
        assert any_store.find("e-2", event.received_at, within_seconds=LIMIT) is None

    @pytest.mark.parametrize("status", [EventStatus.FAILED, EventStatus.DEAD_LETTERED])
    def test_a_failed_attempt_never_blocks_a_later_one(self, any_store, status):
        event = a_recent_envelope("e-1")
        any_store.record_failure(a_failure(event, status=status), within_seconds=LIMIT)

        assert [True] == news(any_store.store([event], within_seconds=LIMIT))


def test_the_row_holds_what_the_envelope_says(store, admin):
    event = a_recent_envelope(
        "e-1",
        source="/shop/1",
        user_id="u-1",
        schema_version="2",
        occurred_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        attributes={"subject": "order 7", "traceparent": "00-1"},
    )
    store.store([event], within_seconds=LIMIT)

    row = admin.execute(
        "SELECT event_id, type, source, user_id, correlation_id, schema_version, occurred_at, received_at, attributes,"
        " payload_ref, payload_bytes, encode(payload_sha256, 'hex'), processed_at <= now() FROM events"
    ).fetchone()

    assert (
        "e-1", "order.created", "/shop/1", "u-1", "c-1", "2", event.occurred_at, event.received_at, event.attributes,
        None, event.payload_bytes, event.payload_sha256, True,
    ) == row  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [
        '{"n": 1.50, "big": 1e400, "n": 2, "b": 1, "a": [ ] }',
        "12345678901234567890.000",
        '"\\u0041\\u0000\\ud83d\\ude00 é 😀 \\/"',
        "null",
        ' \n\t{"indented" : true}\n',
        '"' + "x" * 300_000 + '"',
        "[" * 64 + "]" * 64,
    ],
    ids=["spelling", "number", "escapes", "null", "white space", "large", "deep"],
)
def test_a_payload_is_kept_byte_for_byte(store, admin, payload):
    store.store([a_recent_envelope(payload=payload)], within_seconds=LIMIT)

    stored, hashes_agree = admin.execute(
        "SELECT payload::text, sha256(convert_to(payload::text, 'UTF8')) = payload_sha256 FROM events"
    ).fetchone()

    assert payload == stored
    assert hashes_agree


def test_an_offloaded_payload_leaves_a_reference(store, admin):
    reference = PayloadReference(bucket="b", key="payloads/k")
    store.store([replace(a_recent_envelope(), payload=None, payload_ref=reference)], within_seconds=LIMIT)

    assert (None, {"bucket": "b", "key": "payloads/k"}) == admin.execute(
        "SELECT payload, payload_ref FROM events"
    ).fetchone()


def test_a_clock_that_runs_ahead_does_not_choose_the_partition(store, admin):
    store.store([a_recent_envelope(received_at=datetime.now(UTC) + timedelta(days=365))], within_seconds=LIMIT)

    assert (True, True) == admin.execute(
        "SELECT e.received_at <= now(), e.received_at = k.received_at FROM events e"
        " JOIN idempotency_keys k USING (event_id)"
    ).fetchone()


def test_a_missing_partition_is_our_mistake_and_not_the_events(store):
    with pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
        store.store([a_recent_envelope(received_at=datetime(2020, 1, 1, tzinfo=UTC))], within_seconds=LIMIT)


@pytest.mark.parametrize(
    "changes",
    [{"payload": "{not json"}, {"type": "nul \0"}, {"source": "half \ud800"}, {"attributes": {"a": "\0"}}],
    ids=["syntax", "nul", "surrogate", "nul in attribute"],
)
def test_data_that_postgresql_refuses_stores_nothing_and_quotes_nothing(store, admin, changes):
    with pytest.raises(InvalidEvent, match=r"^PostgreSQL refused the event's data \(22P0\d \w+\)\.$"):
        store.store([a_recent_envelope("good"), a_recent_envelope("bad", **changes)], within_seconds=LIMIT)

    assert (0, 0) == admin.execute(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM idempotency_keys)"
    ).fetchone()


def test_the_failure_of_an_event_with_unstorable_texts_can_be_recorded(store, admin):
    envelope = a_recent_envelope("e-1", type="nul \0", source="half \ud800", user_id="u")
    store.record_failure(a_failure(envelope), within_seconds=LIMIT)

    assert ("nul �", "half ?", "u") == admin.execute("SELECT type, source, user_id FROM idempotency_keys").fetchone()


def test_the_history_counts_attempts_and_keeps_the_last_twenty(store, admin):
    envelope = a_recent_envelope("e-1", user_id="u-1")
    for number in range(1, 26):
        store.record_failure(a_failure(envelope, message=f"try {number}"), within_seconds=LIMIT)

    status, attempts, code, errors, user_id = admin.execute(
        "SELECT status, attempts, last_error_code, errors, user_id FROM idempotency_keys"
    ).fetchone()

    assert ("failed", 25, "warehouse_closed", "u-1") == (status, attempts, code, user_id)
    assert [(number, f"try {number}") for number in range(6, 26)] == [(e["attempt"], e["message"]) for e in errors]
    assert {"at", "code", "message", "attempt", "outcome"} == set(errors[0])
    assert datetime.fromisoformat(errors[0]["at"]).tzinfo is not None


@pytest.mark.parametrize(
    ("status", "outcome"), [(EventStatus.FAILED, "retry"), (EventStatus.DEAD_LETTERED, "dead_lettered")]
)
def test_the_history_says_how_each_attempt_came_and_ended(store, admin, status, outcome):
    envelope = a_recent_envelope("e-1")
    first = Arrival(queued_at=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC))
    again = Arrival(queued_at=datetime(2026, 1, 9, tzinfo=UTC), replay_id="redrive-1")
    for arrival in (first, again):
        store.record_failure(replace(a_failure(envelope, status=status), arrival=arrival), within_seconds=LIMIT)

    ((errors, queued_at),) = admin.execute("SELECT errors, queued_at FROM idempotency_keys").fetchall()

    assert [(1, outcome, first.queued_at), (2, outcome, again.queued_at)] == [
        (error["attempt"], error["outcome"], datetime.fromisoformat(error["queued_at"])) for error in errors
    ]
    assert ("replay_id" in errors[0], errors[1]["replay_id"], queued_at) == (False, "redrive-1", first.queued_at)


def test_the_first_message_that_brought_an_event_says_when_it_was_queued(store, admin):
    first, later = (Arrival(queued_at=datetime(2026, 1, day, tzinfo=UTC)) for day in (2, 9))
    failed, alone = a_recent_envelope("e-1"), a_recent_envelope("e-2")
    store.record_failure(replace(a_failure(failed), arrival=first), within_seconds=LIMIT)
    for arrival in (later, first):
        store.store([failed, alone], arrivals=[arrival, arrival], within_seconds=LIMIT)
    store.store([a_recent_envelope("e-3")], within_seconds=LIMIT)

    # What is stored is not touched by a duplicate, were it even older.
    assert {"e-1": first.queued_at, "e-2": later.queued_at, "e-3": None} == dict(
        admin.execute("SELECT event_id, queued_at FROM idempotency_keys").fetchall()
    )


def test_success_after_failures_keeps_the_history_and_counts_on(store, admin):
    envelope = a_recent_envelope("e-1")
    store.record_failure(a_failure(envelope), within_seconds=LIMIT)
    store.store([envelope], within_seconds=LIMIT)

    assert ("completed", 2, 1, True, True) == admin.execute(
        "SELECT status, attempts, jsonb_array_length(errors), completed_at IS NOT NULL, k.received_at = e.received_at"
        " FROM idempotency_keys k JOIN events e USING (event_id)"
    ).fetchone()


def test_a_late_failure_does_not_touch_an_event_that_is_stored(store, admin):
    envelope = a_recent_envelope("e-1")
    store.store([envelope], within_seconds=LIMIT)
    store.record_failure(a_failure(envelope, status=EventStatus.DEAD_LETTERED), within_seconds=LIMIT)

    assert ("completed", 1, []) == admin.execute("SELECT status, attempts, errors FROM idempotency_keys").fetchone()


def test_an_effect_may_not_commit_by_itself(store, admin):
    with pytest.raises(psycopg.ProgrammingError, match="forbidden within a Transaction"):
        store.store_with(a_recent_envelope(), lambda connection: connection.commit(), within_seconds=LIMIT)

    assert (0,) == admin.execute("SELECT count(*) FROM idempotency_keys").fetchone()


def test_an_effect_that_postgresql_refuses_is_the_events_fault(store):
    def divide(connection):
        connection.execute("SELECT 1 / 0")

    with pytest.raises(InvalidEvent, match="22012 DivisionByZero"):
        store.store_with(a_recent_envelope(), divide, within_seconds=LIMIT)


def test_an_effect_with_wrong_sql_is_a_bug(store):
    def select(connection):
        connection.execute("SELECT 1 FROM nowhere")

    with pytest.raises(psycopg.errors.UndefinedTable, match="nowhere"):
        store.store_with(a_recent_envelope(), select, within_seconds=LIMIT)


def test_an_effect_that_swallows_a_database_error_is_a_bug_and_stores_nothing(store, admin):
    """PostgreSQL answers the COMMIT after it with a rollback, and nobody would be told."""

    def careless(connection):
        with suppress(psycopg.Error):
            connection.execute("SELECT 1 FROM nowhere")

    with pytest.raises(RuntimeError, match="swallowed a database error"):
        store.store_with(a_recent_envelope(), careless, within_seconds=LIMIT)

    assert (0,) == admin.execute("SELECT count(*) FROM idempotency_keys").fetchone()


def test_what_an_effect_sets_on_the_connection_does_not_reach_the_next_event(store):
    def choose_dictionaries(connection):
        connection.row_factory = dict_row

    store.store_with(a_recent_envelope(), choose_dictionaries, within_seconds=LIMIT)

    assert [True] == [claim.is_new for claim in store.store([a_recent_envelope()], within_seconds=LIMIT)]


def test_a_clean_batch_is_one_statement_and_one_round_trip(store, database, tmp_path):
    with database.connection() as connection, open(tmp_path / "trace", "wb") as trace:
        connection.pgconn.trace(trace.fileno())
        PostgresEventStore(Lent(connection)).store([a_recent_envelope() for _ in range(10)], within_seconds=LIMIT)
        connection.pgconn.untrace()

    sent = re.findall(r"\tF\t\d+\t(\w+)", (tmp_path / "trace").read_text(encoding="utf-8"))

    assert ["Parse", "Bind", "Describe", "Execute", "Sync"] == sent
