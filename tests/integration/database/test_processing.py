"""Batches through the whole processor, its store being a real PostgreSQL; queue and bucket are fakes."""

import pytest
from psycopg import sql

from functions.adapters.event_store import PostgresEventStore
from functions.common.errors import DatabaseUnavailable, PermanentError
from tests.support.envelopes import a_message, a_recent_envelope
from tests.support.fakes_processor import Stage
from tests.support.postgres_fixtures import session


@pytest.fixture
def stage(database):
    return Stage(store=PostgresEventStore(database))


def stored(admin):
    return {event_id for (event_id,) in admin.execute("SELECT event_id FROM events")}


def statuses(admin):
    return dict(admin.execute("SELECT event_id, status FROM idempotency_keys").fetchall())


@pytest.mark.parametrize(
    "poison",
    [{"payload": "{not json"}, {"type": "nul \0"}, {"source": "half \ud800"}, {"user_id": "nul \0"}],
    ids=["syntax", "nul in type", "surrogate in source", "nul in user"],
)
def test_one_bad_row_of_ten_fails_alone_and_is_on_record(stage, admin, poison):
    messages = [a_message(a_recent_envelope(f"e-{number}")) for number in range(9)]
    messages.insert(4, a_message(a_recent_envelope("bad", **poison)))

    results = stage.run(*messages)

    assert ["processed"] * 4 + ["dead_lettered"] + ["processed"] * 5 == [result.outcome for result in results]
    assert {f"e-{number}" for number in range(9)} == stored(admin)
    assert "dead_lettered" == statuses(admin)["bad"]
    assert ("invalid_event", 1) == admin.execute(
        "SELECT last_error_code, attempts FROM idempotency_keys WHERE event_id = 'bad'"
    ).fetchone()


def test_the_same_event_twice_in_one_batch_is_stored_once(stage, admin):
    envelope = a_recent_envelope("e-1")

    assert ["processed", "duplicate"] == stage.outcomes(a_message(envelope), a_message(envelope))
    assert {"e-1": "completed"} == statuses(admin)


def test_an_id_used_again_is_parked_and_leaves_no_trace_on_the_first(stage, admin):
    stage.run(a_message(a_recent_envelope("e-1", payload="1")))

    assert ["dead_lettered"] == stage.outcomes(a_message(a_recent_envelope("e-1", payload="2")))
    assert ("completed", [], "1") == admin.execute(
        "SELECT status, errors, payload::text FROM idempotency_keys JOIN events USING (event_id)"
    ).fetchone()


def test_a_handlers_sql_is_committed_with_its_event_or_not_at_all(stage, admin):
    admin.execute("CREATE TABLE stock (item text PRIMARY KEY, quantity int NOT NULL CHECK (quantity >= 0))")
    admin.execute("INSERT INTO stock VALUES ('book', 1)")

    @stage.registry.on("order.created")
    def reserve(event, connection):
        connection.execute("UPDATE stock SET quantity = quantity - 1 WHERE item = %s", [event.payload["item"]])

    messages = [a_message(a_recent_envelope(f"e-{number}", payload='{"item": "book"}')) for number in range(3)]

    results = stage.run(*messages)

    assert [None, "invalid_event", "invalid_event"] == [result.reason for result in results]
    assert {"e-0"} == stored(admin)
    assert (0,) == admin.execute("SELECT quantity FROM stock").fetchone()


def test_what_a_handler_sets_for_the_session_does_not_reach_the_next_event(stage):
    seen = []

    @stage.registry.on("order.created")
    def hurry(event, connection):
        seen.append(connection.execute("SHOW statement_timeout").fetchone())
        connection.execute("SET statement_timeout = '7s'")

    stage.run(*(a_message(a_recent_envelope(f"e-{number}")) for number in range(3)))

    assert [seen[0]] * 3 == seen


def test_a_handler_sees_its_own_event_in_the_table(stage):
    seen = []
    stage.registry.on("order.created")(
        lambda event, connection: seen.append(
            connection.execute("SELECT payload->>'n' FROM events WHERE event_id = %s", [event.event_id]).fetchone()
        )
    )

    stage.run(a_message(a_recent_envelope(payload='{"n": "seven"}')))

    assert [("seven",)] == seen


def test_an_event_parked_once_can_be_sent_again_after_the_fix(stage, admin):
    broken = True

    @stage.registry.on("order.created")
    def refuse(_event, _connection):
        if broken:
            raise PermanentError("Not yet.")

    message = a_message(a_recent_envelope("e-1"))
    first = stage.outcomes(message)
    broken = False

    assert ["dead_lettered"] == first
    assert ["processed"] == stage.outcomes(message)
    assert ("completed", 2) == admin.execute("SELECT status, attempts FROM idempotency_keys").fetchone()


def test_a_missing_table_returns_every_message_and_parks_none(stage, admin):
    admin.execute("DROP TABLE events")

    results = stage.run(a_message(a_recent_envelope()), a_message(a_recent_envelope()))

    assert [("retry", "unexpected")] * 2 == [(result.outcome, result.reason) for result in results]
    assert [] == stage.queue.parked


def test_a_connection_cut_between_batches_is_not_noticed(stage, admin):
    stage.run(a_message(a_recent_envelope()))
    admin.execute(
        "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    assert ["processed"] == stage.outcomes(a_message(a_recent_envelope()))


def test_a_handler_that_loses_its_connection_does_not_take_its_neighbours_with_it(stage, admin):
    @stage.registry.on("unlucky")
    def suffer(_event, connection):
        admin.execute("SELECT pg_terminate_backend(%s, 2000)", [connection.info.backend_pid])
        connection.execute("SELECT 1")

    @stage.registry.on("ordinary")
    def go_on(_event, _connection):
        pass

    types = ("unlucky", "ordinary", "plain")

    assert ["retry", "processed", "processed"] == stage.outcomes(
        *(a_message(a_recent_envelope(type=name)) for name in types)
    )


def test_a_database_that_refuses_everybody_fails_the_invocation(stage, database_url, postgres_server):
    name = sql.Identifier(database_url.rpartition("/")[2])
    with session(postgres_server.url()) as root:
        root.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))

        with pytest.raises(DatabaseUnavailable, match="all 1 messages"):
            stage.run(a_message(a_recent_envelope()))

        root.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))

    assert ["processed"] == stage.outcomes(a_message(a_recent_envelope()))
