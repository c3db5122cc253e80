"""`fluxa schema check` loads upcasters, tries them on the older schema's examples, and lets them bridge versions."""

import json
import sys

import pytest

from fluxa.cli import run
from fluxa.schemas import registry

FILE = "schemas/order.created/2.py"
OLD = {
    "type": "object",
    "required": ["euro"],
    "properties": {"euro": {"type": "number"}},
    "examples": [{"euro": 1.5}, {"euro": 2}],
}
NEW = {
    "type": "object",
    "required": ["cents"],
    "additionalProperties": False,
    "properties": {"cents": {"type": "integer"}},
}
UPCASTER = "def upcast(payload):\n    payload['cents'] = round(payload.pop('euro') * 100)\n    return payload\n"


@pytest.fixture
def published(project):
    """A project with version 1 published, and version 2 with its upcaster not yet."""
    project.write(1, OLD)
    project.commit()
    project.write(2, NEW)
    project.write_upcaster(2, UPCASTER)
    return project


def found(project, ref="main"):
    return [(finding.path, finding.place, finding.rule) for finding in registry.check(project.folder, ref)]


def test_an_incompatible_new_version_may_be_published_when_an_upcaster_leads_to_it(published):
    assert [] == found(published)

    (published.folder / FILE).unlink()
    refused = {(path, rule) for path, _, rule in found(published)}
    assert ("schemas/order.created/2.json", "required_added") in refused


@pytest.mark.parametrize(
    ("mode", "is_refused"), [("backward", False), ("none", False), ("forward", True), ("full", True)]
)
def test_an_upcaster_helps_readers_of_the_new_version_and_none_of_the_old(published, mode, is_refused):
    published.mode(mode)

    findings = registry.check(published.folder, "main")

    assert is_refused is bool(findings)
    assert all(finding.message.startswith("read the other way round") for finding in findings)


def test_an_upcaster_permits_no_change_to_what_was_published(published):
    published.commit()
    published.write(2, {**NEW, "properties": {"cents": {"type": "integer", "minimum": 1}}})

    assert [("schemas/order.created/2.json", "properties.cents", "minimum_raised")] == found(published)


def test_a_published_upcaster_may_be_repaired_and_not_removed(published):
    published.commit()
    published.write_upcaster(2, UPCASTER.replace("round", "int"))

    assert [] == found(published)
    (published.folder / FILE).unlink()
    assert [(FILE, "", "upcaster_removed")] == found(published)
    published.mode("none")
    assert [] == found(published)


def test_no_version_may_come_between_a_published_upcaster_and_the_version_it_was_written_for(published):
    published.commit()
    published.write("1.5", OLD)

    assert [("schemas/order.created/1.5.json", "", "version_inserted")] == found(published)
    published.mode("none")
    assert [] == found(published)


def test_an_upcaster_that_was_never_needed_may_be_removed(project):
    for version in (1, 2):
        project.write(version, OLD)
    project.write_upcaster(2, "def upcast(payload):\n    return payload\n")
    project.commit()
    (project.folder / FILE).unlink()

    assert [] == found(project)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("def upcast(payload:\n", 1, "SyntaxError"),
        ("x = 1\nimport no_such_package\n", 2, "ModuleNotFoundError: No module named 'no_such_package'"),
        ("def upgrade(payload): ...\n", 1, "it has no function upcast(payload)"),
    ],
)
def test_a_file_that_is_no_upcaster_is_told_with_line_and_reason(published, capsys, text, line, reason):
    published.write_upcaster(2, text)

    assert 1 == run(["schema", "check"])
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{FILE}:{line}: {reason}")
    assert [(FILE, f"line {line}", "upcaster_broken")] == found(published, None)


def test_each_violation_of_the_newer_schema_is_told_with_its_path_and_rule(published, capsys):
    published.write_upcaster(2, "def upcast(payload):\n    return {'cents': payload['euro'], 'x': 1}\n")

    assert 1 == run(["schema", "check"])
    printed = capsys.readouterr().out.splitlines()
    first = "made of examples[0] of schemas/order.created/1.json, it does not fit schemas/order.created/2.json"
    assert f'{FILE}: payload.cents: {first}: 1.5 is not of type "integer" (rule type)' == printed[0]
    assert printed[1].startswith(f"{FILE}: payload: {first}: Additional properties are not allowed")
    assert printed[1].endswith("(rule additionalProperties)")
    assert printed[2].startswith(f"{FILE}: payload: {first.replace('[0]', '[1]')}: Additional")
    assert ["3 findings, compared with main."] == printed[3:]


def test_an_upcaster_that_raises_on_an_example_is_told_with_its_line(published):
    published.write_upcaster(2, "def upcast(payload):\n    return payload['eur']\n")

    findings = registry.check(published.folder, None)

    assert [(FILE, "upcast_failed")] * 2 == [(finding.path, finding.rule) for finding in findings]
    assert str(findings[0]) == (
        f"{FILE}: examples[0] of schemas/order.created/1.json: The upcaster order.created 1 → 2 raised KeyError "
        f"in line 2 of {FILE}. (rule upcast_failed)"
    )


def test_an_example_that_does_not_fit_its_own_schema_is_told_and_not_tried(published):
    published.write(1, {**OLD, "examples": ["x"]})

    assert [("schemas/order.created/1.json", "examples[0]", "example_unfit")] == found(published)


def test_an_upcaster_between_schemas_that_are_not_valid_is_loaded_and_not_tried(published):
    published.write(1, {**OLD, "type": "text"})

    assert [("schemas/order.created/1.json", "", "invalid")] == found(published, None)


def test_an_upcaster_beside_no_schema_is_named(project, capsys):
    project.write(1, OLD)
    project.write_upcaster(2, UPCASTER)

    assert 1 == run(["schema", "check"])
    assert f"{FILE}: an upcaster lies beside the schema it leads to" in capsys.readouterr().err


def test_checking_leaves_nothing_in_the_folder(published, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    registry.check(published.folder, "main")

    assert {"1.json", "2.json", "2.py"} == {file.name for file in (published.folder / FILE).parent.iterdir()}


def test_list_shows_upcasters(published, capsys):
    run(["schema", "list"])
    run(["schema", "list", "--json"])

    first, second, *document = capsys.readouterr().out.splitlines()
    assert ("schemas/order.created/1.json", FILE) == (first.split()[-1], second.split()[-1])
    assert [None, FILE] == [row["upcaster"] for row in json.loads("\n".join(document))]
