"""The reference pages say what the code does, and the schema says what the settings accept."""

from itertools import chain

import jsonschema
import pytest
import yaml

from components.settings import RULES, StackSettings
from fluxa.reference import PAGES
from fluxa.reference.settings_page import settings_page
from fluxa.reference.stack_schema import stack_schema
from tests.support.stack_builders import REPOSITORY

STACK_FILES = sorted(REPOSITORY.glob("Pulumi.*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(stack_schema())


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_the_one_in_the_repository(name):
    message = f"{name} is out of date: run `make reference`"

    assert PAGES[name]() == (REPOSITORY / name).read_text(encoding="utf-8"), message


def test_every_setting_says_what_it_is_for():
    sections = {name: field.annotation.model_fields for name, field in StackSettings.model_fields.items()}

    assert [] == [
        f"{name}.{key}" for name, keys in sections.items() for key, field in keys.items() if not field.description
    ]


def test_every_rule_between_sections_says_what_it_wants():
    assert [] == [rule.__name__ for rule in RULES if not rule.__doc__]


def test_the_page_lists_every_key_of_every_section():
    page = settings_page()

    keys = chain.from_iterable(field.annotation.model_fields for field in StackSettings.model_fields.values())
    assert [] == [key for key in keys if f"| `{key}` |" not in page]


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_the_schema_accepts_the_stack_files_we_ship(path):
    VALIDATOR.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"fluxa:queue": {"batchsize": 3}}, "Additional properties are not allowed ('batchsize' was unexpected)"),
        ({"fluxa:quueue": {}}, "'fluxa:quueue' does not match any of the regexes"),
        ({"fluxa:queue": {"max_receive_count": 0}}, "0 is less than the minimum of 1"),
        ({"fluxa:network": {"mode": "private"}}, "'private' is not one of ['vpc', 'public']"),
        ({"fluxa:database": {"multi_az": "yes please"}}, "'yes please' is not of type 'boolean'"),
    ],
)
def test_the_schema_refuses_what_a_preview_would(config, complaint):
    errors = [error.message for error in VALIDATOR.iter_errors({"config": {"aws:region": "eu-central-1", **config}})]

    assert any(complaint in message for message in errors), errors


def test_the_schema_leaves_other_packages_alone():
    VALIDATOR.validate({"config": {"aws:region": "eu-central-1", "pulumi:tags": {"team": "x"}}})


@pytest.mark.parametrize(
    "path", [path for path in STACK_FILES if path.name != "Pulumi.yaml"], ids=lambda path: path.name
)
def test_an_editor_finds_the_schema(path):
    first_line = path.read_text(encoding="utf-8").splitlines()[0]

    assert "# yaml-language-server: $schema=docs/reference/stack.schema.json" == first_line
