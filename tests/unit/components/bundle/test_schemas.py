"""The schema registry's files: what is refused before anything is deployed, and that a change redeploys ingest."""

import json
import re
import shutil
from pathlib import Path

import pytest

from components.bundling.dependencies import Platform
from components.bundling.errors import BundleError
from components.bundling.recipe import recipe_for
from components.bundling.schemas import checked_schema_files, schema_files
from tests.support.stack_builders import REPOSITORY

PLATFORM = Platform(architecture="arm64", python="3.13")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for part in ("functions", "schemas", "handlers"):
        shutil.copytree(REPOSITORY / part, tmp_path / part)
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    return tmp_path


def write(project: Path, schema: object, name: str = "thing/1.json") -> Path:
    file = project / "schemas" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(schema if isinstance(schema, str) else json.dumps(schema), encoding="utf-8")
    return file


def recipe(project: Path, function: str = "ingest", *, schemas: bool = True):
    return recipe_for(function, platform=PLATFORM, project_dir=project, handlers=Path("handlers"), schemas=schemas)


def test_ingest_carries_the_schemas_and_their_validator_only_where_they_are_used(project):
    used, unused = recipe(project), recipe(project, schemas=False)

    assert {"schemas/order.created/1.json"} == set(used.sources) - set(unused.sources)
    assert ("jsonschema-rs" in used.requirements, "jsonschema-rs" in unused.requirements) == (True, False)


def test_a_changed_schema_changes_the_bundles_name_and_in_mode_off_nothing_does(project):
    before, off = recipe(project).digest, recipe(project, schemas=False).digest
    write(project, {"type": "object"})

    assert before != recipe(project).digest
    assert off == recipe(project, schemas=False).digest


@pytest.mark.parametrize("function", ["processor", "query"])
@pytest.mark.parametrize("schemas", [True, False])
def test_who_may_be_asked_for_a_version_carries_the_versions_and_upcasters_and_no_validator(project, function, schemas):
    write(project, {}, "order.created/2.json")
    write(project, "def upcast(payload): ...\n", "order.created/2.py")
    (project / "schemas" / "order.created" / "__pycache__").mkdir()
    write(project, "", "order.created/__pycache__/2.cpython-313.pyc")

    carried = recipe(project, function, schemas=schemas)

    assert {"schemas/order.created/1.json", "schemas/order.created/2.json", "schemas/order.created/2.py"} == {
        path for path in carried.sources if path.startswith("schemas/")
    }
    assert "jsonschema-rs" not in carried.requirements


@pytest.mark.parametrize("function", ["ingest", "maintenance"])
def test_nobody_else_carries_upcasters(project, function):
    before = recipe(project, function, schemas=False).digest
    write(project, {}, "order.created/2.json")
    write(project, "def upcast(payload): ...\n", "order.created/2.py")

    assert before == recipe(project, function, schemas=False).digest
    assert not any(path.endswith("/2.py") for path in recipe(project, function).sources)


def test_a_changed_upcaster_changes_the_bundles_name(project):
    write(project, {}, "order.created/2.json")
    digests = set()
    for text in ("", "x = 1\n"):
        write(project, text, "order.created/2.py")
        digests |= {recipe(project, function).digest for function in ("processor", "query")}

    assert 4 == len(digests)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("order.created/2.py", "lies beside the schema it leads to, and there is no such .json file"),
        ("order.created/upcasters.py", "lies beside the schema it leads to, and there is no such .json file"),
        ("2.py", "lies beside the schema it leads to, and there is no such .json file"),
        ("order.created/1.py", "leads here from the version before, and there is none before it"),
    ],
)
def test_an_upcaster_that_leads_nowhere_stops_the_bundle_and_is_named(project, name, complaint):
    write(project, "", name)

    with pytest.raises(BundleError, match=rf"^schemas/{re.escape(name)}: an upcaster {re.escape(complaint)}"):
        recipe(project, "query")


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ("{", "it is not JSON"),
        ('{"type": "object", "type": "array"}', "the key 'type' appears twice"),
        ('{"const": NaN}', "NaN is no JSON"),
        ([], "a schema is a JSON object"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "only https://json-schema.org/draft/2020-12/schema"),
        ({"properties": {"a": {"type": "text"}}}, r"properties\.a\.type: "),
        ({"properties": {"a": {"needed": []}}}, r"properties\.a: unknown keyword 'needed'"),
        ({"items": {"pattern": "["}}, r"items\.pattern: "),
        ({"items": {"pattern": "(?=a)"}}, r"items\.pattern: "),
        ({"items": {"$ref": "https://example.com/x.json"}}, r"items: \$ref must point into the same file"),
        ({"items": {"$ref": "#/$defs/x"}}, r"items\.\$ref: #/\$defs/x is no schema in this file"),
        ({"$ref": "#/const", "const": {"type": "string"}}, "is no schema in this file"),
        ({"items": {"$id": "x"}}, r"items: \$id is for the whole file only"),
        ({"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}, "back to itself"),
    ],
)
def test_a_schema_that_cannot_be_used_stops_the_bundle_and_is_named(project, schema, complaint):
    write(project, schema)

    with pytest.raises(BundleError, match=rf"^schemas/thing/1\.json: .*{complaint}"):
        recipe(project)


@pytest.mark.parametrize("name", ["1.json", "thing/v1.json", "thing/01.json", "thing/1.yaml", "a/b/1.json"])
def test_a_file_that_is_no_version_of_a_type_is_named(project, name):
    write(project, {}, name)

    with pytest.raises(BundleError, match=rf"^schemas/{name} is no schema"):
        schema_files(project)


def test_versions_are_in_the_order_of_their_numbers(project):
    for version in ("10", "9", "1.10", "1.9", "1"):
        write(project, {}, f"thing/{version}.json")

    assert ["1", "1.9", "1.10", "9", "10"] == [name.version for name in schema_files(project) if name.type == "thing"]


def test_a_schema_that_contains_itself_by_way_of_a_member_is_fine(project):
    write(project, {"properties": {"next": {"$ref": "#"}}, "x-owner": "orders"})

    assert 2 == len(checked_schema_files(project))


def test_a_project_without_schemas_has_none(tmp_path):
    assert {} == checked_schema_files(tmp_path)
