"""What components tell the functions is exactly what the functions ask for."""

import importlib

import pytest

from functions.common.environment import FunctionSettings
from tests.support.stack_builders import SECRET
from tests.support.whole_stack import FUNCTION, SERVICES, STACKS, recorded

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


@pytest.mark.parametrize("service", SERVICES)
def test_the_stack_sets_exactly_the_keys_that_the_function_reads(service):
    asked_for = {field.alias or name.upper() for name, field in settings_model(service).model_fields.items()}

    assert asked_for == set(variables("dev", service))


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
