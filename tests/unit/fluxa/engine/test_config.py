"""One run's configuration is merged as the Pulumi CLI merges it."""

import json
from pathlib import Path

import pytest

from fluxa.local.engine import InvalidConfiguration, UnknownStack, load_configuration, stacks_of
from tests.support.pulumi_project import a_project

PROJECT_FILE = """
    name: shop
    runtime: python
    config:
      aws:region: eu-west-1
      network: {type: object, default: {mode: vpc, zones: 2}}
      token: {type: string, secret: true, default: none}
      note: {type: string, description: Free text.}
    """

STACK_FILE = """
    config:
      aws:region: us-west-2
      shop:network: {mode: vpc, egress: {kind: nat}}
      shop:password: {secure: v1:abc}
      other:count: 3
    """


def a_configured_project(folder: Path) -> Path:
    return a_project(folder, "", files={"Pulumi.yaml": PROJECT_FILE, "Pulumi.dev.yaml": STACK_FILE})


def test_the_stacks_file_wins_over_the_projects_defaults(tmp_path: Path):
    configuration = load_configuration(a_configured_project(tmp_path), "dev", {})

    assert "shop" == configuration.project
    assert {
        "aws:region": "us-west-2",
        "shop:network": json.dumps({"mode": "vpc", "egress": {"kind": "nat"}}),
        "shop:token": "none",
        "shop:password": "[secret]",
        "other:count": "3",
    } == configuration.values


def test_declared_and_encrypted_values_are_secret(tmp_path: Path):
    configuration = load_configuration(a_configured_project(tmp_path), "dev", {})

    assert {"shop:token", "shop:password"} == configuration.secret_keys


def test_a_dotted_override_changes_one_key_of_a_section(tmp_path: Path):
    overrides = {"network.mode": "public", "network.egress.kind": "endpoints", "queue.retries": 3}

    values = load_configuration(a_configured_project(tmp_path), "dev", overrides).values

    assert {"mode": "public", "egress": {"kind": "endpoints"}} == json.loads(values["shop:network"])
    assert {"retries": 3} == json.loads(values["shop:queue"])


def test_an_override_without_a_dot_replaces_the_whole_value(tmp_path: Path):
    overrides = {"network": {"mode": "public"}, "aws:region": "eu-central-1"}

    values = load_configuration(a_configured_project(tmp_path), "dev", overrides).values

    assert {"mode": "public"} == json.loads(values["shop:network"])
    assert "eu-central-1" == values["aws:region"]


@pytest.mark.parametrize("path", ["network.mode.deeper", "token.part"])
def test_an_override_cannot_reach_into_a_plain_value(tmp_path: Path, path: str):
    project = a_configured_project(tmp_path)

    with pytest.raises(InvalidConfiguration, match="reaches into a setting that has no keys of its own"):
        load_configuration(project, "dev", {path: 1})


@pytest.mark.parametrize("path", ["", ".", "network.", ".mode", "network..mode"])
def test_an_override_needs_a_whole_name(tmp_path: Path, path: str):
    project = a_configured_project(tmp_path)

    with pytest.raises(InvalidConfiguration, match=r"is not a setting: write `section\.key`"):
        load_configuration(project, "dev", {path: 1})


def test_an_unknown_stack_is_one_sentence_with_those_that_exist(tmp_path: Path):
    project = a_project(tmp_path, "", files={"Pulumi.prod.yaml": ""})

    with pytest.raises(UnknownStack, match=r"^There is no stack 'nope' in .*; stacks: dev, prod\.$"):
        load_configuration(project, "nope", {})


@pytest.mark.parametrize("stack", ["../elsewhere", "", "/etc/passwd"])
def test_a_stacks_name_cannot_lead_out_of_the_project(tmp_path: Path, stack: str):
    a_project(tmp_path / "elsewhere", "")
    project = a_project(tmp_path / "here", "")

    with pytest.raises(UnknownStack, match="There is no stack"):
        load_configuration(project, stack, {})


def test_an_empty_stack_file_is_a_stack_with_defaults_only(tmp_path: Path):
    project = a_project(tmp_path, "", files={"Pulumi.yaml": PROJECT_FILE, "Pulumi.dev.yaml": ""})

    assert "eu-west-1" == load_configuration(project, "dev", {}).values["aws:region"]


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("Pulumi.yaml", "runtime: python", "does not name the project"),
        ("Pulumi.yaml", "- name: shop", "must be a YAML mapping"),
        ("Pulumi.dev.yaml", "config: [1]", "must be a YAML mapping"),
        ("Pulumi.dev.yaml", "config: {a: [}", "cannot be read"),
    ],
)
def test_a_broken_file_is_named_in_one_sentence(tmp_path: Path, file: str, text: str, sentence: str):
    project = a_project(tmp_path, "", files={file: text})

    with pytest.raises(InvalidConfiguration, match=sentence) as caught:
        load_configuration(project, "dev", {})

    assert file in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_project_is_told_so(tmp_path: Path):
    with pytest.raises(InvalidConfiguration, match=r"Pulumi\.yaml does not exist: run this in the project's folder"):
        load_configuration(tmp_path, "dev", {})


def test_stacks_are_the_files_of_the_project(tmp_path: Path):
    project = a_project(tmp_path, "", files={"Pulumi.prod.yaml": ""})

    assert ["dev", "prod"] == stacks_of(project)


UPPER = """
    config:
      shop:network: {egress: {kind: endpoints}}
      shop:password: {secure: v1:def}
    """


def a_project_with_two_stacks(folder: Path) -> Path:
    files = {"Pulumi.yaml": PROJECT_FILE, "Pulumi.dev.yaml": STACK_FILE, "Pulumi.local.yaml": UPPER}
    return a_project(folder, "", files=files)


def test_a_profile_holds_key_by_key_where_the_stack_says_nothing(tmp_path: Path):
    project = a_project_with_two_stacks(tmp_path)

    configuration = load_configuration(project, "local", {"network.zones": 1}, profile="dev")

    assert {"mode": "vpc", "egress": {"kind": "endpoints"}, "zones": 1} == configuration.section("network")
    assert ("us-west-2", "3") == (configuration.values["aws:region"], configuration.values["other:count"])
    assert {"shop:token", "shop:password"} == configuration.secret_keys


def test_a_profile_that_does_not_exist_is_refused_by_name(tmp_path: Path):
    with pytest.raises(UnknownStack, match=r"There is no stack 'prdo' in .*; stacks: dev, local"):
        load_configuration(a_project_with_two_stacks(tmp_path), "local", {}, profile="prdo")


def test_a_section_that_is_no_object_is_empty(tmp_path: Path):
    configuration = load_configuration(a_configured_project(tmp_path), "dev", {"network": "vpc"})

    assert ({}, {}) == (configuration.section("network"), configuration.section("never-set"))
