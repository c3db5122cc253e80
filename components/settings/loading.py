"""From Pulumi's configuration to `StackSettings`, or to one message that lists everything to correct."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import config as runtime_config
from pydantic import ValidationError

from components.settings.stack import StackSettings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_HEADING = "These settings have to change:"
_SECTIONS = tuple(StackSettings.model_fields)


class InvalidSettings(pulumi.RunError):
    """The stack's settings contradict the model or each other; Pulumi shows the message without a stack trace."""


def load_settings(config: pulumi.Config) -> StackSettings:
    """Read every section of the stack's configuration, e.g. `fluxa:queue: {max_receive_count: 3}`.

    Raises:
        InvalidSettings: A section or key does not exist, a value is out of range, or two keys contradict each other.
    """
    values: dict[str, Any] = {}
    for name in _names_set(config.name) | set(_SECTIONS):
        text = config.get(name)
        if text is not None:
            values[name] = _decoded(text)
    return parse_settings(values, namespace=config.name)


def parse_settings(values: Mapping[str, Any], *, namespace: str = "fluxa") -> StackSettings:
    """Validate sections that were read already.

    Raises:
        InvalidSettings: As `load_settings`.
    """
    try:
        return StackSettings.model_validate(dict(values))
    except ValidationError as error:
        lines = [line for problem in error.errors() for line in _described(problem, namespace)]
        # One sentence speaks for itself; several are a list.
        message = lines[0] if len(lines) == 1 else "\n".join([_HEADING, *(f"  {line}" for line in lines)])
        raise InvalidSettings(message) from None


def _names_set(namespace: str) -> set[str]:
    """Name every key of ours that is set, so that a misspelt section is seen: `Config` only answers for known names."""
    keys = {*runtime_config.CONFIG.get(), *runtime_config.get_config_env()}
    return {key.removeprefix(f"{namespace}:") for key in keys if key.startswith(f"{namespace}:")}


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _described(problem: "ErrorDetails", namespace: str) -> Iterable[str]:
    message = problem["msg"].removeprefix("Value error, ")
    path = [str(part) for part in problem["loc"]]
    place = f"{namespace}:{'.'.join(path)}"
    if problem["type"] == "extra_forbidden":
        return [f"{place}: {message}; known here: {', '.join(_known_below(path[:-1]))}"]
    if problem["type"] == "model_type":
        return [f"{place}: must be keys and values; known here: {', '.join(_known_below(path))}"]
    if problem["type"] == "value_error" and len(path) < len(("section", "key")):
        # A rule of several keys names them in its sentence.
        return [f"{namespace}:{sentence}" for sentence in message.splitlines()]
    return [f"{place}: {message}"]


def _known_below(path: Iterable[str]) -> Iterable[str]:
    model: Any = StackSettings
    for name in path:
        model = model.model_fields[name].annotation
    return tuple(model.model_fields)
