"""The how-to's worked example, as it stands on the page, against a real PostgreSQL and every kind of redelivery."""

import json
import re
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from psycopg.rows import dict_row

from functions.adapters.event_store import PostgresEventStore
from functions.common.replay import ReplayRequest
from functions.processor.registry import Registry
from tests.support.envelopes import a_message, a_recent_envelope
from tests.support.fakes_processor import Stage

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "handlers.md"


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[number]


@pytest.fixture
def stage(database, admin, monkeypatch):
    stage = Stage(store=PostgresEventStore(database))
    admin.execute(block("sql"))
    _load(monkeypatch, stage.registry, block("python"))
    return stage


def _load(monkeypatch, registry: Registry, text: str) -> None:
    """Run the page's module with `on` of this test's own registry."""
    monkeypatch.setattr("functions.processor.on", registry.on)
    module = ModuleType("handlers_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(text, str(PAGE), "exec"), module.__dict__)


def an_order(event_id, *items):
    payload = {"order_id": f"o-{event_id}", "items": [{"sku": sku, "quantity": number} for sku, number in items]}
    return a_message(a_recent_envelope(event_id, payload=json.dumps(payload)))


def articles(admin):
    return dict(admin.execute("SELECT sku, quantity FROM ordered_articles ORDER BY sku").fetchall())


def test_an_order_is_counted_once_however_often_it_is_delivered(stage, admin):
    one, other = an_order("e-1", ("book", 2), ("pen", 1)), an_order("e-2", ("book", 3))

    first = stage.outcomes(one, other, one)
    again = [stage.outcomes(one, other) for _ in range(3)]

    assert ["processed", "processed", "duplicate"] == first
    assert [["duplicate", "duplicate"]] * 3 == again
    assert {"book": 5, "pen": 1} == articles(admin)


def test_two_processors_with_the_same_event_count_it_once(stage, admin):
    messages = [an_order(f"e-{number}", ("book", 1), ("pen", 1)) for number in range(20)]
    workers = [threading.Thread(target=stage.run, args=messages) for _ in range(2)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stage.run(*messages)

    assert {"book": 20, "pen": 20} == articles(admin)


def test_a_payload_that_does_not_fit_is_parked_and_its_neighbours_are_counted(stage, admin):
    results = stage.run(an_order("e-1", ("book", 1)), an_order("bad", ("book", 0)), an_order("e-3", ("book", 1)))

    assert [None, "payload_unfit", None] == [result.reason for result in results]
    assert {"book": 2} == articles(admin)
    [(code, errors)] = admin.execute(
        "SELECT last_error_code, errors::text FROM idempotency_keys WHERE event_id = 'bad'"
    ).fetchall()
    assert "payload_unfit" == code
    assert "payload.items[0].quantity" in errors


def test_what_a_handler_wrote_before_it_refused_is_undone(stage, admin):
    stage.registry.on("order.created")(lambda *_: 1 / 0)

    results = stage.run(an_order("e-1", ("book", 1)))

    assert ["unexpected"] == [result.reason for result in results]
    assert {} == articles(admin)


def test_a_dead_letter_redriven_twice_after_the_fix_counts_once(stage, admin):
    too_many = an_order("e-1", ("book", 1_000_001))
    first = stage.run(too_many)
    stage.registry.clear()
    stage.registry.on("order.created")(
        lambda event, connection: connection.execute("INSERT INTO ordered_articles VALUES ('book', 7, 'o')")
    )

    assert ["too_many_articles"] == [result.reason for result in first]
    assert [["processed"], ["duplicate"]] == [stage.outcomes(too_many), stage.outcomes(too_many)]
    assert {"book": 7} == articles(admin)


def test_a_table_that_was_emptied_is_built_anew_by_a_replay_and_by_nothing_else(stage, admin, monkeypatch):
    """The page's last section: the handler says `replay=True`, the table is emptied, each stored order is named."""
    orders = [an_order(f"e-{number}", ("book", number), ("pen", 1)) for number in range(1, 4)]
    stage.run(*orders)
    before = articles(admin)
    mails = []
    _let_the_pages_handler_be_replayed(stage, monkeypatch)
    stage.registry.on("order.created")(lambda event, _: mails.append(event.event_id))
    admin.execute(block("sql", 1))
    named = [
        a_message(ReplayRequest(replay_id="rebuild-2026-11", **fields))
        for fields in admin.cursor(row_factory=dict_row).execute(
            "SELECT event_id, received_at, type, correlation_id FROM events"
        )
    ]

    outcomes = [stage.outcomes(*orders, *named) for _ in range(3)]

    assert [["duplicate"] * 3 + ["processed"] * 3, ["duplicate"] * 6, ["duplicate"] * 6] == outcomes
    assert {"book": 6, "pen": 3} == before == articles(admin)
    assert [] == mails


def _let_the_pages_handler_be_replayed(stage, monkeypatch):
    old, new = '@on("order.created", schema=OrderCreated)\n', block("python", 1).partition("\n")[0] + "\n"
    assert "replay=True" in new
    assert block("python").count(old) == 1
    stage.registry.clear()
    _load(monkeypatch, stage.registry, block("python").replace(old, new))
