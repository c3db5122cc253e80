"""Inputs remember what was read, so that what was not can be named."""

import re

import pytest

from fluxa.local.provider.aws import load_all
from fluxa.local.provider.inputs import Inputs, MissingInput
from fluxa.local.provider.registry import RESOURCE_TYPES, ResourceType, resource


def test_what_was_never_read_is_named_by_its_path():
    inputs = Inputs({"name": "q", "policy": "{}", "target": {"arn": "a", "role": "r"}, "rules": [{"id": 1, "days": 2}]})

    inputs.require("name")
    inputs.section("target").get("arn")
    inputs.sections("rules")[0].get("id")

    assert ["policy", "rules[0].days", "target.role"] == sorted(inputs.unread())


def test_an_object_that_is_read_whole_has_nothing_left():
    inputs = Inputs({"tags": {"a": "b"}})

    inputs.get("tags")

    assert [] == list(inputs.unread())


def test_only_inputs_that_are_set_are_renamed():
    inputs = Inputs({"description": "", "retries": 0})

    renamed = inputs.renamed({"description": "Description", "retries": "Retries", "owner": "Owner"})

    assert renamed == {"Description": "", "Retries": 0}


def test_an_input_that_must_be_set_is_named_when_it_is_not():
    with pytest.raises(MissingInput, match=r"^target\.arn$"):
        Inputs({"target": {}}).section("target").require("arn")


def test_an_ignored_object_is_ignored_with_all_that_is_in_it():
    ignoring = ResourceType(create=lambda request: None, ignored={"backup": "none", "rules.colour": "no colours"})

    ignored = [
        path
        for path in ("backup", "backup.days", "rules[3].colour", "rules[3].size", "backupWindow")
        if ignoring.ignores(path)
    ]

    assert ignored == ["backup", "backup.days", "rules[3].colour"]


def test_every_ignored_input_of_every_type_says_why():
    load_all()

    reasons = {
        f"{type_}.{name}": reason for type_, entry in RESOURCE_TYPES.items() for name, reason in entry.ignored.items()
    }

    assert [] == [name for name, reason in reasons.items() if len(reason.split()) < 3]
    assert len(RESOURCE_TYPES) > 40


def test_a_type_has_one_function():
    load_all()

    with pytest.raises(ValueError, match="aws:sqs/queue:Queue is in the table twice"):
        resource("aws:sqs/queue:Queue")(lambda request: None)


def test_every_type_is_in_the_file_that_errors_would_send_its_reader_to_or_beside_it():
    load_all()

    wrong = {
        type_: entry.create.__module__
        for type_, entry in RESOURCE_TYPES.items()
        if not f"{entry.create.__module__.rpartition('.')[2]}_".startswith(f"{re.split('[:/]', type_)[1]}_")
    }

    assert wrong == {}
