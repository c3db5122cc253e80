"""Users' handlers: found by being in the folder, and never quietly missing."""

import sys

import pytest

from functions.processor import Event, on
from functions.processor.registry import Registry, load_handlers, registry
from tests.support.envelopes import NOW


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a package of modules that can be imported until the test ends; returns its name."""
    name = f"handlers_{tmp_path.name.replace('-', '_')}"
    monkeypatch.syspath_prepend(tmp_path)

    def write(**modules):
        for path, text in modules.items():
            file = tmp_path / name / f"{path.replace('__dot__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return name

    yield write
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def handler_text(event_type):
    return (
        "from functions.processor import on\n"
        f"@on({event_type!r})\n"
        "def handle(event, connection):\n"
        "    pass\n"
    )  # fmt: skip


def nothing(_event, _connection):
    pass


def something(_event, _connection):
    pass


def test_handlers_run_in_the_order_they_were_registered():
    mine = Registry()
    mine.on("a")(nothing)
    mine.on("a", "b")(something)

    assert (nothing, something) == mine.handlers_for("a")
    assert (something,) == mine.handlers_for("b")


def test_a_replay_has_only_the_handlers_that_ask_for_it():
    mine = Registry()
    mine.on("a")(nothing)
    mine.on("a", "b", replay=True)(something)

    assert (something,) == mine.handlers_for("a", replay=True)
    assert (something,) == mine.handlers_for("b", replay=True)
    assert (nothing, something) == mine.handlers_for("a")


def test_a_type_without_handlers_has_none():
    assert () == Registry().handlers_for("unknown")


def test_the_decorator_returns_the_function_itself():
    assert nothing is Registry().on("a")(nothing)


@pytest.mark.parametrize("types", [(), ("",), ("a", ""), (nothing,)], ids=["none", "empty", "one empty", "no call"])
def test_a_handler_for_nothing_in_particular_is_refused(types):
    with pytest.raises(ValueError, match=r'@on\("order\.created"\)'):
        Registry().on(*types)


def test_every_module_of_the_package_is_imported(package):
    name = package(
        __init__=handler_text("from.init"),
        orders=handler_text("from.module"),
        deep__dot____init__="",
        deep__dot__er=handler_text("from.submodule"),
    )

    assert [name, f"{name}.deep", f"{name}.deep.er", f"{name}.orders"] == load_handlers(name)
    assert [1, 1, 1] == [len(registry.handlers_for(f"from.{part}")) for part in ("init", "module", "submodule")]


def test_a_folder_without_init_is_a_package_too(package):
    name = package(orders=handler_text("from.folder"))

    assert [name, f"{name}.orders"] == load_handlers(name)


def test_no_package_means_no_handlers():
    assert [] == load_handlers("no_such_package_anywhere")


@pytest.mark.parametrize(
    ("text", "error"),
    [("import no_such_module", ModuleNotFoundError), ("1 / 0", ZeroDivisionError), ("def", SyntaxError)],
    ids=["import", "bug", "syntax"],
)
@pytest.mark.parametrize("where", ["__init__", "orders", "deep__dot____init__", "deep__dot__er"])
def test_a_module_that_cannot_be_imported_stops_the_processor(package, capsys, text, error, where):
    name = package(**{where: text})

    with pytest.raises(error, match=r"no_such_module|division|invalid syntax"):
        load_handlers(name)

    assert "handlers_not_loaded" in capsys.readouterr().out


def test_a_failed_import_leaves_no_handler_that_would_run_twice_after_the_next(package):
    name = package(orders=f"{handler_text('twice')}\n1 / 0")

    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="division"):
            load_handlers(name)

    assert () == registry.handlers_for("twice")
    assert not [module for module in sys.modules if module.startswith(name)]


def test_the_folder_that_ships_has_no_handlers():
    assert ["handlers"] == load_handlers()


def test_on_fills_the_registry_that_the_processor_reads():
    on("registry.test")(nothing)

    assert nothing in registry.handlers_for("registry.test")


def test_an_event_does_not_parse_its_payload_before_it_is_asked_to():
    event = Event(event_id="e", type="t", correlation_id="c", received_at=NOW, payload_text="{broken")

    assert "{broken" == event.payload_text
    with pytest.raises(ValueError, match="Expecting property name"):
        _ = event.payload


def test_an_events_payload_and_user_do_not_show_when_it_is_printed():
    event = Event(event_id="e", type="t", correlation_id="c", received_at=NOW, payload_text='"4111"', user_id="u-1")

    assert "4111" not in repr(event)
    assert "u-1" not in repr(event)
