"""The table of toggles holds every setting that decides what is built."""

import types
from typing import Any, Literal, Union, get_args, get_origin

from components.settings import StackSettings
from tests.support.toggles import TOGGLES

SAME_RESOURCES = {
    "functions.bundles": "plans name bundles, deployments build them",
    "observability.log_level": "only a word in the functions' environment",
}
"""Settings that look like toggles and build nothing else."""

NOT_IN_A_PRESET = {"functions.architecture": {"host"}}
"""Values that only the local platform uses; Pulumi.local.yaml is recorded as it is written."""


def fields() -> dict[str, Any]:
    return {
        f"{section}.{key}": field.annotation
        for section, sections in StackSettings.model_fields.items()
        for key, field in sections.annotation.model_fields.items()
    }


def is_toggle(annotation: Any) -> bool:
    """On or off, one of a few words, there or not there, none or some."""
    optional = get_origin(annotation) in {Union, types.UnionType} and type(None) in get_args(annotation)
    return annotation is bool or get_origin(annotation) is Literal or optional or get_origin(annotation) is tuple


def keys_and_values() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for values in TOGGLES.values():
        for settings in values.values():
            for key, value in settings.items():
                found.setdefault(key, set()).add(str(value))
    return found


def test_every_setting_that_decides_what_is_built_is_in_the_table():
    toggles = {key for key, annotation in fields().items() if is_toggle(annotation)}

    assert set() == toggles - set(keys_and_values()) - set(SAME_RESOURCES)
    assert set() == set(keys_and_values()) - set(fields())


def test_every_word_of_a_toggle_is_in_the_table():
    words = {
        key: {str(word) for word in get_args(annotation)} - NOT_IN_A_PRESET.get(key, set())
        for key, annotation in fields().items()
        if get_origin(annotation) is Literal and key not in {*SAME_RESOURCES, "observability.log_retention_days"}
    }

    assert {} == {
        key: missing for key, known in words.items() if (missing := known - keys_and_values().get(key, set()))
    }


def test_a_value_sets_every_key_of_its_toggle():
    """Or a preset's own value would show through, and two stacks of one row would differ in more than it says."""
    uneven = [
        toggle
        for toggle, values in TOGGLES.items()
        if toggle != "preset" and len({frozenset(settings) for settings in values.values()}) > 1
    ]

    assert [] == uneven
