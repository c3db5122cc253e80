"""What components tell the functions is exactly what the functions ask for."""

import functools
import importlib
from typing import Any

import pytest

from fluxa.local.engine import run_program
from functions.common.environment import FunctionSettings
from tests.support.stack_builders import REPOSITORY, SECRET
from tests.support.whole_stack import FUNCTION, SERVICES, STACKS, Memory, recorded

ENVIRONMENT_BYTES = 4_096
"""Lambda's limit for all of a function's variables together."""


def settings_model(service: str) -> type[FunctionSettings]:
    module = importlib.import_module(f"functions.{service}.settings")
    (model,) = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, FunctionSettings) and value.__module__ == module.__name__
    ]
    return model


def variables(stack: str, service: str) -> dict[str, str]:
    return recorded(stack).one(FUNCTION, f"{service}-function").inputs["environment"]["variables"]


TOGGLES: dict[str, dict[str, Any]] = {
    "passwords in SSM": {},
    "passwords that rotate": {"secrets.backend": "secretsmanager"},
    "tokens": {"secrets.backend": "iam"},
    "tokens through a proxy": {"secrets.backend": "iam", "database.proxy": True},
    "events that go": {"database.retention_days": 90},
    "an address on the internet": {"network.mode": "public", "network.allowed_cidrs": ["203.0.113.0/24"]},
}
"""Every toggle that changes what a function is told; the rest is the dev stack's."""


@functools.cache
def environments(toggle: str) -> dict[str, dict[str, str]]:
    """Return what each function is told, by service."""
    overrides = {"functions.bundles": "named", **TOGGLES[toggle]}
    recording = run_program(REPOSITORY, "dev", Memory(), overrides=overrides)
    return {
        service: recording.one(FUNCTION, f"{service}-function").inputs["environment"]["variables"]
        for service in SERVICES
    }


def key_of(name: str) -> str:
    return name.upper()


@pytest.mark.parametrize("toggle", TOGGLES)
@pytest.mark.parametrize("service", SERVICES)
def test_a_function_is_told_everything_it_needs_and_nothing_it_does_not_read(service, toggle):
    fields = settings_model(service).model_fields
    told = set(environments(toggle)[service])

    assert set() == {key_of(name) for name, field in fields.items() if field.is_required()} - told
    assert set() == told - {key_of(name) for name in fields}


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_a_function_can_read_some_stack_tells_it(service):
    told = {key for toggle in TOGGLES for key in environments(toggle)[service]}

    assert {key_of(name) for name in settings_model(service).model_fields} == told


@pytest.mark.parametrize("toggle", TOGGLES)
@pytest.mark.parametrize("service", SERVICES)
def test_the_function_accepts_what_it_is_told_by_every_toggle(service, toggle):
    values = environments(toggle)[service]

    understood = settings_model(service).model_validate(values).model_dump(mode="json")
    assert values == {key_of(name): str(value) for name, value in understood.items() if value is not None}


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("service", SERVICES)
def test_the_function_accepts_the_values_that_the_stack_sets(service, stack):
    values = variables(stack, service)

    assert stack == settings_model(service).model_validate(values).stack


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("service", SERVICES)
def test_an_environment_is_small_and_holds_no_secret(service, stack):
    values = variables(stack, service)

    assert ENVIRONMENT_BYTES > sum(len(key) + len(value) for key, value in values.items())
    assert SECRET not in str(values)


@pytest.mark.parametrize("service", SERVICES)
def test_the_handler_the_stack_names_exists(service):
    path = recorded("dev").one(FUNCTION, f"{service}-function").inputs["handler"]

    module, _, attribute = path.rpartition(".")
    assert callable(getattr(importlib.import_module(module), attribute))
