"""Payloads of older versions become those of newer ones, step by step; what cannot says which step, and no value."""

import json
import sys

import pytest

from functions.common.errors import PermanentError
from functions.common.schema_errors import SchemaVersionUnreachable, UnknownSchemaVersion, UpcastFailed
from functions.common.upcasting import UpcasterBroken, Upcasters, load_upcaster
from tests.support.upcasters import EURO, WRAP, write_registry

SENT = '{ "euro": 1.50 }'


def upcast(upcasters, payload=SENT, from_version="1", to_version="2"):
    return upcasters.upcast("order.created", payload, from_version, to_version)


def test_an_older_payload_becomes_one_of_the_version_asked_for(tmp_path):
    assert {"cents": 150} == json.loads(upcast(write_registry(tmp_path, v1=None, v2=EURO)))


def test_a_chain_is_taken_in_the_order_of_the_versions_numbers(tmp_path):
    upcasters = write_registry(tmp_path, v9=None, v10=EURO, v11=WRAP)

    assert ("11", "10", "9") == upcasters.versions("order.created")
    assert {"total": {"cents": 150}} == json.loads(upcast(upcasters, from_version="9", to_version="11"))
    assert {"total": {"cents": 150}} == json.loads(upcast(upcasters, '{"cents": 150}', "10", "11"))


def test_a_version_without_an_upcaster_takes_the_one_before_as_it_is(tmp_path):
    upcasters = write_registry(tmp_path, v1=None, v1_1=None, v2=EURO, v2_1=None)

    assert {"cents": 150} == json.loads(upcast(upcasters, from_version="1", to_version="2.1"))
    assert ["order.created 1.1 → 2"] == [str(step) for step in upcasters.steps("order.created", "1", "2.1")]


@pytest.mark.parametrize(("own", "wanted"), [("1", "1"), ("1", "1.1"), ("2", "2"), (None, "2")])
def test_where_nothing_has_to_be_done_the_text_stays_to_the_letter(tmp_path, own, wanted):
    upcasters = write_registry(tmp_path, v1=None, v1_1=None, v2=EURO)

    assert SENT == upcast(upcasters, SENT, own, wanted)


def test_an_event_without_a_version_is_of_the_newest_as_it_is_at_the_door(tmp_path):
    upcasters = write_registry(tmp_path, v1=None, v2=EURO)

    with pytest.raises(SchemaVersionUnreachable, match="names no schema_version and so is of version 2, and none is"):
        upcast(upcasters, from_version=None, to_version="1")


def test_a_newer_event_is_not_taken_back(tmp_path):
    upcasters = write_registry(tmp_path, v1=None, v2=EURO)

    with pytest.raises(SchemaVersionUnreachable, match="is of version 2, and none is taken back to an older") as caught:
        upcast(upcasters, from_version="2", to_version="1")
    assert ["schema_version"] == [problem.field for problem in caught.value.problems]


def test_an_event_of_a_version_that_there_is_not_is_refused_with_those_there_are_and_without_its_own(tmp_path):
    upcasters = write_registry(tmp_path, v1=None, v2=EURO)

    with pytest.raises(SchemaVersionUnreachable, match=r"type does not have: there is 2, 1\.$") as caught:
        upcast(upcasters, from_version="hunter2/../../x")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("event_type", ["order.created", "order.paid", "..", ""])
def test_asking_for_a_version_that_there_is_not_is_told(tmp_path, event_type):
    with pytest.raises(UnknownSchemaVersion, match="no schema of that version"):
        write_registry(tmp_path, v1=None).upcast(event_type, SENT, None, "7")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "def upcast(payload):\n    {}[payload['euro']]",
            r"raised KeyError in line 2 of schemas/order\.created/2",
        ),
        ("def upcast(payload):\n    raise ValueError(payload)", r"raised ValueError in line 2 of"),
        ("import sys\ndef upcast(payload):\n    sys.exit(payload)", r"raised SystemExit in line 3 of"),
        ("import json\ndef upcast(payload):\n    return json.loads('{')", r"raised JSONDecodeError in line 3 of"),
        ("def upcast(payload):\n    payload['cents'] = 1", r"returned nothing; it must return the payload\.$"),
        ("def upcast(payload):\n    return {1, 2}", r"returned what is no JSON\.$"),
        ("def upcast(payload):\n    return float('nan')", r"returned what is no JSON\.$"),
        ("def upcast(payload):\n    payload['x'] = payload\n    return payload", r"returned what is no JSON\.$"),
    ],
)
def test_an_upcaster_that_fails_is_permanent_and_names_its_step_and_line_but_no_value(tmp_path, text, problem):
    upcasters = write_registry(tmp_path, v1=None, v2=text)

    with pytest.raises(UpcastFailed, match=rf"^The upcaster order\.created 1 → 2 {problem}") as caught:
        upcast(upcasters, '{"euro": "hunter2"}')
    assert isinstance(caught.value, PermanentError)
    assert "hunter2" not in str(caught.value)
    # A log that prints the error's causes would print the payload.
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_the_step_that_failed_is_named_and_not_the_one_that_met_its_result(tmp_path):
    upcasters = write_registry(tmp_path, v1=None, v2="def upcast(payload):\n    return {1}", v3=WRAP)

    with pytest.raises(UpcastFailed, match=r"order\.created 1 → 2 returned what is no JSON"):
        upcast(upcasters, to_version="3")


def test_null_may_stay_null(tmp_path):
    assert "null" == upcast(write_registry(tmp_path, v1=None, v2="def upcast(payload):\n    return payload"), "null")


def test_what_an_upcaster_does_to_its_payload_is_seen_by_nobody_else(tmp_path):
    keeping = "SEEN = []\ndef upcast(payload):\n    SEEN.append(payload)\n    return {'earlier': SEEN[0]}\n"
    spoiling = "def upcast(payload):\n    payload['earlier'].clear()\n    return payload\n"
    upcasters = write_registry(tmp_path, v1=None, v2=keeping, v3=spoiling)

    upcast(upcasters, to_version="3")

    assert {"earlier": {"euro": 1.5}} == json.loads(upcast(upcasters, to_version="2"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def upcast(payload:\n", r"2\.py:1: SyntaxError: "),
        ("x = 1\n1 / 0\n", r"2\.py:2: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(1)\n", r"2\.py:2: SystemExit: 1"),
        ("\nimport no_such_package\n", r"2\.py:2: ModuleNotFoundError: No module named 'no_such_package'"),
        ("def upgrade(payload): ...\n", r"2\.py:1: it has no function upcast\(payload\)"),
        ("upcast = 'x'\n", r"2\.py:1: it has no function upcast\(payload\)"),
        ("\n\ndef upcast(): ...\n", r"2\.py:3: upcast must take one argument, the payload"),
        ("\ndef upcast(payload, version): ...\n", r"2\.py:2: upcast must take one argument, the payload"),
        ("\nasync def upcast(payload): ...\n", r"2\.py:2: upcast must be a plain function"),
        ("def upcast(payload):\n    yield 1\n", r"2\.py:1: upcast must be a plain function"),
    ],
)
def test_a_file_that_is_no_upcaster_is_our_mistake_with_file_line_and_reason(tmp_path, text, problem):
    upcasters = write_registry(tmp_path, v1=None, v2=text)

    with pytest.raises(UpcasterBroken, match=rf"^schemas/order\.created/{problem}") as caught:
        upcast(upcasters)
    assert not isinstance(caught.value, PermanentError)


def test_an_upcaster_is_loaded_once(tmp_path):
    text = "import itertools\nCALLS = itertools.count(1)\ndef upcast(payload):\n    return next(CALLS)\n"
    upcasters = write_registry(tmp_path, v1=None, v2=text)

    assert ["1", "2", "3"] == [upcast(upcasters) for _ in range(3)]


def test_an_upcaster_is_loaded_only_when_a_payload_needs_it(tmp_path):
    upcasters = write_registry(tmp_path, v1=None, v2="1 / 0", v3=WRAP)

    assert 2 == len(upcasters.steps("order.created", "1", "3"))
    assert {"total": {"euro": 1.5}} == json.loads(upcast(upcasters, SENT, "2", "3"))


def test_an_upcaster_may_hold_a_dataclass(tmp_path):
    text = """
    from __future__ import annotations
    from dataclasses import asdict, dataclass

    @dataclass
    class Order:
        cents: int

    def upcast(payload):
        return asdict(Order(cents=round(payload["euro"] * 100)))
    """

    assert {"cents": 150} == json.loads(upcast(write_registry(tmp_path, v1=None, v2=text)))


def test_a_file_that_could_not_be_imported_leaves_no_module_behind(tmp_path):
    write_registry(tmp_path, "order.broken", v1=None, v2="1 / 0")
    before = set(sys.modules)

    with pytest.raises(UpcasterBroken, match="ZeroDivisionError"):
        load_upcaster(tmp_path / "schemas" / "order.broken" / "2.py")
    assert before == set(sys.modules)


def test_a_bundle_without_schemas_has_no_versions(tmp_path):
    assert () == Upcasters(tmp_path / "schemas").versions("order.created")
