"""The how-to's worked example, as it stands on the page: checked, and run against a real PostgreSQL."""

import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from fluxa.schemas import registry as schemas_checked
from functions.adapters.event_store import PostgresEventStore
from functions.adapters.stored_events import PostgresStoredEvents
from functions.common.upcasting import Upcasters
from functions.processor.registry import Registry
from functions.query.find import Finder
from tests.support.envelopes import a_message, a_recent_envelope
from tests.support.fakes_processor import Stage
from tests.support.fakes_query import a_link

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "howto" / "schemas.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def project(tmp_path):
    """The repository's registry, with what the page adds to it."""
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    [schema] = blocks("json")
    upcaster, _ = blocks("python")
    (tmp_path / "schemas" / "order.created" / "2.json").write_text(schema, encoding="utf-8")
    (tmp_path / "schemas" / "order.created" / "2.py").write_text(upcaster, encoding="utf-8")
    return tmp_path


@pytest.fixture
def upcasters(project):
    return Upcasters(project / "schemas")


@pytest.fixture
def stage(database, admin, monkeypatch, upcasters):
    admin.execute("CREATE TABLE order_totals (order_id text PRIMARY KEY, cents bigint NOT NULL)")
    stage = Stage(store=PostgresEventStore(database), registry=Registry(upcasters))
    _, handler = blocks("python")
    monkeypatch.setattr("functions.processor.on", stage.registry.on)
    module = ModuleType("handler_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(handler, str(PAGE), "exec"), module.__dict__)
    return stage


def an_order(event_id, version, **item):
    payload = {"order_id": f"o-{event_id}", "items": [{"sku": "A", "quantity": 2, **item}]}
    return a_message(a_recent_envelope(event_id, payload=json.dumps(payload), schema_version=version))


def totals(admin):
    return dict(admin.execute("SELECT order_id, cents FROM order_totals").fetchall())


def test_the_page_passes_the_check_it_tells_of_and_a_mistake_in_its_upcaster_would_be_found(project):
    assert [] == schemas_checked.check(project, None)

    upcaster = project / "schemas" / "order.created" / "2.py"
    upcaster.write_text(upcaster.read_text(encoding="utf-8").replace("round(", "str("), encoding="utf-8")
    assert [("payload.items[0].price_cents", "type")] == [
        (finding.place, finding.rule) for finding in schemas_checked.check(project, None)
    ]


def test_events_of_both_versions_are_handled_in_one_and_each_once_however_often_it_is_delivered(stage, admin):
    messages = an_order("e-1", "1", price=19.99), an_order("e-2", "2", price_cents=500), an_order("e-3", "1")

    first = stage.outcomes(*messages, messages[0])
    again = [stage.outcomes(*messages) for _ in range(2)]

    assert ["processed", "processed", "processed", "duplicate"] == first
    assert [["duplicate"] * 3] * 2 == again
    assert {"o-e-1": 3998, "o-e-2": 1000, "o-e-3": 0} == totals(admin)


def test_what_is_stored_is_what_was_sent_and_is_answered_in_either_version(stage, database, upcasters):
    stage.run(an_order("e-1", "1", price=19.99))
    finder = Finder(events=PostgresStoredEvents(database), link=a_link, upcasters=upcasters)

    sent, old, new = (json.loads(finder.find("e-1", version)) for version in (None, "1", "latest"))

    assert {"sku": "A", "quantity": 2, "price": 19.99} == sent["payload"]["items"][0] == old["payload"]["items"][0]
    assert {"sku": "A", "quantity": 2, "price_cents": 1999} == new["payload"]["items"][0]
    assert ("2", "1", "1") == (new["schema_version"], new["stored_schema_version"], sent["schema_version"])
    assert sent["payload_sha256"] == new["payload_sha256"]


def test_an_upcaster_that_fails_parks_its_event_with_the_step_and_undoes_what_a_handler_wrote(stage, admin):
    stage.registry.clear()
    stage.registry.on("order.created")(
        lambda event, connection: connection.execute("INSERT INTO order_totals VALUES (%s, 1)", [event.event_id])
    )
    stage.registry.on("order.created", schema_version="2")(lambda *_: None)

    good, bad = stage.run(an_order("e-1", "1", price=1), an_order("e-2", "1", price="hunter2"))

    assert [("processed", None), ("dead_lettered", "upcast_failed")] == [
        (result.outcome, result.reason) for result in (good, bad)
    ]
    assert {"e-1": 1} == totals(admin)
    [(code, errors)] = admin.execute(
        "SELECT last_error_code, errors::text FROM idempotency_keys WHERE event_id = 'e-2'"
    ).fetchall()
    assert "upcast_failed" == code
    assert "order.created 1 → 2 raised TypeError in line" in errors
    assert "hunter2" not in errors
