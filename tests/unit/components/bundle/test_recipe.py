import dataclasses
from pathlib import Path

import pytest

from components.bundling.dependencies import Platform
from components.bundling.errors import BundleError
from components.bundling.recipe import Recipe, recipe_for
from components.bundling.sources import source_files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path in (
        *("functions/__init__.py", "functions/common/names.py", "functions/adapters/sqs.py"),
        *("functions/ingest/handler.py", "functions/processor/handler.py", "functions/query/handler.py"),
        *("functions/processor/__pycache__/handler.cpython-311.pyc", "functions/processor/.swp", "handlers/orders.py"),
        *("functions/processor/handler.py~", "handlers/sql/total.sql"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    return tmp_path


def test_a_function_carries_itself_and_what_all_share(project: Path):
    assert {
        "functions/__init__.py",
        "functions/common/names.py",
        "functions/adapters/sqs.py",
        "functions/ingest/handler.py",
    } == set(source_files(project, "ingest", Path("handlers")))


def test_only_the_processor_carries_the_users_handlers_as_a_package_named_handlers(project: Path):
    (project / "handlers").rename(project / "our-handlers")

    files = source_files(project, "processor", Path("our-handlers"))

    assert {"handlers/__init__.py", "handlers/orders.py", "handlers/sql/total.sql"} == {
        path for path in files if path.startswith("handlers/")
    }
    assert project / "our-handlers" / "orders.py" == files["handlers/orders.py"]


def test_a_folder_of_handlers_keeps_its_own_init(project: Path):
    (project / "handlers" / "__init__.py").write_text("registered = True")

    files = source_files(project, "processor", Path("handlers"))

    assert project / "handlers" / "__init__.py" == files["handlers/__init__.py"]


def test_a_missing_folder_of_handlers_is_refused_with_the_settings_name(project: Path):
    with pytest.raises(BundleError, match=r"does not exist: .*/elsewhere\. Create it, or let .* processing\.handlers"):
        source_files(project, "processor", Path("elsewhere"))


def test_an_unknown_function_is_refused_with_those_there_are(project: Path):
    platform = Platform(architecture="arm64", python="3.13")

    with pytest.raises(BundleError, match="no function 'injest': there are ingest, processor, query, maintenance"):
        recipe_for("injest", platform=platform, project_dir=project, handlers=Path("handlers"))


def a_recipe(project: Path) -> Recipe:
    return Recipe(
        function="ingest",
        platform=Platform(architecture="arm64", python="3.13"),
        sources={"functions/ingest/handler.py": project / "functions" / "ingest" / "handler.py"},
        requirements="boto3==1",
        services=frozenset({"sqs"}),
    )


def test_the_digest_is_the_same_for_the_same_ingredients_whenever_they_were_written(project: Path):
    before = a_recipe(project).digest
    (project / "functions" / "ingest" / "handler.py").touch()

    assert before == a_recipe(project).digest


def test_the_digest_changes_with_every_ingredient(project: Path):
    recipe = a_recipe(project)
    query = project / "functions" / "query" / "handler.py"
    query.write_text("other")
    others = [
        {"function": "query"},
        {"platform": Platform(architecture="x86_64", python="3.13")},
        {"platform": Platform(architecture="arm64", python="3.12")},
        {"sources": {"functions/ingest/accept.py": recipe.sources["functions/ingest/handler.py"]}},
        {"sources": {"functions/ingest/handler.py": query}},
        {"requirements": "boto3==2"},
        {"services": frozenset({"sqs", "s3"})},
    ]

    digests = {dataclasses.replace(recipe, **other).digest for other in others} | {recipe.digest}
    assert len(others) + 1 == len(digests)
