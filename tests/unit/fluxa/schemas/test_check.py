"""`fluxa schema check` in a repository of its own."""

import json

import pytest

from fluxa.cli import run
from fluxa.schemas import registry
from tests.support.schema_project import Project

FILE = "schemas/order.created/1.json"
OLD = {"type": "object", "additionalProperties": False, "properties": {"amount": {"type": "number"}}}
NARROWER = {**OLD, "properties": {"amount": {"type": "integer"}}}
WIDER = {**OLD, "properties": {**OLD["properties"], "note": {"type": "string"}}}


def lines(capsys, *arguments):
    code = run(["schema", "check", *arguments])
    return code, capsys.readouterr().out.splitlines()


def test_an_incompatible_edit_is_refused_with_its_path_and_rule(project, capsys):
    project.write(1, OLD)
    project.commit()
    project.write(1, NARROWER)

    assert lines(capsys) == (
        1,
        [
            f"{FILE}: properties.amount: type narrowed from number to integer (rule type_narrowed)",
            "1 finding, compared with main.",
        ],
    )


def test_a_compatible_edit_passes(project, capsys):
    project.write(1, OLD)
    project.commit()
    project.write(1, WIDER)

    assert (0, ["0 findings, compared with main."]) == lines(capsys)


def test_a_new_version_is_compared_with_the_one_before_it(project):
    project.write(9, OLD)
    project.write(1, {})
    project.commit()
    project.write(10, NARROWER)

    assert [("schemas/order.created/10.json", "type_narrowed", "schemas/order.created/9.json")] == [
        (finding.path, finding.rule, finding.against) for finding in registry.check(project.folder, "main")
    ]


def test_a_published_version_may_not_disappear(project):
    file = project.write(1, OLD)
    project.commit()
    file.unlink()

    assert ["version_removed"] == [finding.rule for finding in registry.check(project.folder, "main")]


def test_without_git_only_validity_is_checked(project, capsys):
    project.write(1, {"type": "text"})

    code, (finding, summary) = lines(capsys)

    assert 1 == code
    assert finding.startswith("schemas/order.created/1.json: type: ")
    assert "1 finding, compared with nothing: git knows no main here." == summary


def test_a_commit_that_does_not_exist_is_named(project, capsys):
    project.write(1, OLD)
    project.commit()

    assert 0 != run(["schema", "check", "--against", "v9"])
    assert "git knows no commit 'v9' here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("mode", "schema", "rules"),
    [
        ("backward", WIDER, []),
        ("forward", WIDER, ["property_removed"]),
        ("forward", NARROWER, []),
        ("full", NARROWER, ["type_narrowed"]),
        ("none", NARROWER, []),
        ({"default": "none", "order.created": "backward"}, NARROWER, ["type_narrowed"]),
        ({"order.created": "none"}, NARROWER, []),
    ],
)
def test_the_mode_says_what_a_change_must_keep(project, mode, schema, rules):
    project.mode(mode)
    project.write(1, OLD)
    project.commit()
    project.write(1, schema)

    assert rules == [finding.rule for finding in registry.check(project.folder, "main")]


def test_a_mode_that_does_not_exist_is_refused(project, capsys):
    project.mode("sideways")

    assert 0 != run(["schema", "check"])
    assert "schema-compatibility under [tool.fluxa]" in capsys.readouterr().err


def test_json_has_the_same_findings(project, capsys):
    project.write(1, OLD)
    project.commit()
    project.write(1, NARROWER)

    run(["schema", "check", "--json"])

    document = json.loads(capsys.readouterr().out)
    assert ["type_narrowed"] == [finding["rule"] for finding in document["findings"]]
    assert ("main", "properties.amount") == (document["against"], document["findings"][0]["place"])


def test_list_shows_which_version_stands_in(project, capsys):
    for version in (1, 2, 10):
        project.write(version, OLD)

    run(["schema", "list"])

    shown = capsys.readouterr().out.splitlines()
    assert ["10"] == [line.split()[1] for line in shown if "(newest)" in line]


def test_a_project_inside_a_larger_repository_is_compared_with_itself(project, tmp_path, monkeypatch):
    inner = tmp_path / "inner"
    inner.mkdir()
    nested = Project(inner)
    nested.write(1, OLD)
    project.commit()
    nested.write(1, NARROWER)

    assert ["type_narrowed"] == [finding.rule for finding in registry.check(inner, "main")]
