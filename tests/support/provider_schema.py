"""Recorded inputs against what the installed pulumi_aws says it takes: no CLI, no plugin, no network.

The SDK's classes are generated from the provider's schema, so the schema can be read back out of them: names, types,
what is required and what is deprecated. Of the choices a string has, the schema holds few; the rest are sentences in
its documentation, and those that list their choices are read too.
"""

import functools
import importlib
import inspect
import json
import re
import typing
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pulumi
import pulumi_aws
from pulumi import _types  # The one place that relates Python's names to the provider's.

_CHOICES = re.compile(
    r"\b(?i:valid|allowed|possible|supported) (?:values?|options)(?: are| is|:| include)*\s*:?\s*"
    r"((?:`[^`]+`(?:\s*\([^)]*\))?[,\s]*(?:and |or )?){2,})"
)
_WORD = re.compile(r"[\w.:-]+")
_EXAMPLES = re.compile(r"such as|for example|e\.g\.", re.IGNORECASE)


OPEN_ENUMS = frozenset({"InstanceType"})
"""Enums that lag behind AWS: RDS takes instance classes that the SDK has not heard of."""


UNLISTED = {"TopicSubscriptionArgs.protocol": frozenset({"email"})}
"""Choices that the documentation tells of in another sentence."""


@dataclass(frozen=True)
class Property:
    """One input, as the provider names it."""

    type: Any
    required: bool
    deprecated: bool
    choices: frozenset[str]


@functools.cache
def _classes() -> dict[str, tuple[str, str]]:
    """Type token → the SDK's module and class."""
    source = inspect.getsource(pulumi_aws)
    start = source.index('resource_modules="""') + len('resource_modules="""')
    entries = json.loads(source[start : source.index('"""', start)])
    return {token: (entry["fqn"], name) for entry in entries for token, name in entry["classes"].items()}


@functools.cache
def _inputs_of(token: str) -> Mapping[str, Property] | None:
    """Return the inputs of a resource type; None when the SDK has no such type."""
    if token == "pulumi:providers:aws":
        return _properties(pulumi_aws.ProviderArgs)
    if token not in _classes():
        return None
    module, name = _classes()[token]
    resource = getattr(importlib.import_module(module), name)
    home = importlib.import_module(resource.__module__)
    # Where a nested type has taken the name, the resource's own inputs are `…InitArgs`.
    return _properties(getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args"))


@functools.cache
def is_deprecated(token: str) -> bool:
    """Tell whether the whole type is on its way out."""
    module, name = _classes()[token]
    home = inspect.getsource(importlib.import_module(getattr(importlib.import_module(module), name).__module__))
    return re.search(r"^warnings\.warn\(", home, re.MULTILINE) is not None


@functools.cache
def _properties(args: type) -> Mapping[str, Property]:
    """Read an input class."""
    parameters = inspect.signature(args.__init__).parameters
    names = _types.input_type_py_to_pulumi_names(args)
    found = {}
    for python, wire in names.items():
        getter = inspect.getattr_static(args, python).fget
        documented = getattr(getter, "_pulumi_deprecated_callable", getter)
        found[wire] = Property(
            type=_resolved(documented, args),
            required=parameters[python].default is inspect.Parameter.empty,
            deprecated=documented is not getter,
            choices=_documented_choices(inspect.getdoc(documented) or "", f"{args.__name__}.{wire}"),
        )
    return found


def _resolved(getter: Callable[..., Any], args: type) -> Any:
    home = vars(importlib.import_module(args.__module__))
    return _evaluated(getter.__annotations__["return"], home)


def _evaluated(hint: Any, home: Mapping[str, Any]) -> Any:
    """Resolve quoted names in an annotation; those of other parts of the SDK are attributes of its modules."""
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str) and hint.startswith("Output["):
        return pulumi.Output  # A part of `pulumi.Input`; recorded values are resolved.
    if isinstance(hint, str):
        return _evaluated(eval(hint, dict(home)), home)
    arguments = typing.get_args(hint)
    if not arguments:
        return hint
    origin = typing.get_origin(hint)
    resolved = tuple(_evaluated(argument, home) for argument in arguments)
    return (typing.Union if origin in _UNIONS else origin, resolved)


_UNIONS = (typing.Union, type(int | str))


def _documented_choices(text: str, place: str) -> frozenset[str]:
    sentence = _CHOICES.search(text)
    if sentence is None or _EXAMPLES.search(sentence[0]):
        return frozenset()
    choices = re.findall(r"`([^`]+)`", sentence[1])
    if not all(_WORD.fullmatch(choice) for choice in choices):
        return frozenset()
    return frozenset(choices) | UNLISTED.get(place, frozenset())


def schema_faults(type_: str, inputs: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the inputs of one resource."""
    properties = _inputs_of(type_)
    if properties is None:
        return [f"{type_}: the installed SDK has no such type"]
    faults = [] if type_.startswith("pulumi:") or not is_deprecated(type_) else [f"{type_}: deprecated type"]
    if type_.startswith("pulumi:"):
        inputs = {key: _decoded(value) for key, value in inputs.items()}
    return [*faults, *_object_faults(inputs, properties, type_)]


def _decoded(value: Any) -> Any:
    """A provider's own inputs travel as JSON text."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


def _object_faults(value: Mapping[str, Any], properties: Mapping[str, Property], path: str) -> Iterator[str]:
    for key, item in value.items():
        place = f"{path}.{key}"
        known = properties.get(key)
        if known is None:
            yield f"{place}: unknown property"
            continue
        if known.deprecated:
            yield f"{place}: deprecated property"
        yield from _value_faults(item, known.type, place)
        if known.choices and isinstance(item, str) and item not in known.choices:
            yield f"{place}: {item!r} is none of {sorted(known.choices)}"
    yield from (f"{path}.{key}: missing" for key, known in properties.items() if known.required and key not in value)


def _value_faults(value: Any, hint: Any, path: str) -> Iterable[str]:
    if value is None or hint is Any:
        return []
    if isinstance(hint, tuple):
        inside = _union_faults if hint[0] is typing.Union else _container_faults
        return inside(value, hint, path)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum_faults(value, hint, path)
    if isinstance(hint, type) and _types.is_input_type(hint) and isinstance(value, Mapping):
        return _object_faults(value, _properties(hint), path)
    return [] if _is_plain(value, hint) else [f"{path}: expected {getattr(hint, '__name__', hint)}, got {value!r}"]


def _container_faults(value: Any, hint: tuple[Any, tuple[Any, ...]], path: str) -> Iterable[str]:
    origin, arguments = hint
    if issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            return [f"{path}: expected a map, got {value!r}"]
        return [fault for key, item in value.items() for fault in _value_faults(item, arguments[1], f"{path}.{key}")]
    if not isinstance(value, Sequence) or isinstance(value, str):
        return [f"{path}: expected a list, got {value!r}"]
    return [f for number, item in enumerate(value) for f in _value_faults(item, arguments[0], f"{path}[{number}]")]


def _alternatives(hint: Any) -> Iterator[Any]:
    """Flatten unions in unions, without what no recorded value can be."""
    if isinstance(hint, tuple) and hint[0] is typing.Union:
        for inner in hint[1]:
            yield from _alternatives(inner)
    elif hint is not type(None) and not _is_noise(hint):
        yield hint


def _union_faults(value: Any, hint: Any, path: str) -> Iterable[str]:
    """A value is one of the union's types; a string beside an enum means the enum's strings."""
    choices = list(_alternatives(hint))
    enums = [hint for hint in choices if isinstance(hint, type) and issubclass(hint, Enum)]
    if enums and isinstance(value, str):
        if enums[0].__name__ in OPEN_ENUMS:
            return []
        return _enum_faults(value, enums[0], path)
    attempts = [list(_value_faults(value, hint, path)) for hint in choices]
    # The attempt that came furthest tells the most: a fault deep inside an object, not "expected a string".
    return [] if not attempts or [] in attempts else min(attempts, key=lambda faults: (len(faults), -len(faults[0])))


def _is_noise(hint: Any) -> bool:
    """Awaitables and outputs, which are resolved by now, and the dictionary twin of every input class."""
    if isinstance(hint, tuple):
        return hint[0] is Awaitable
    return hint is pulumi.Output or getattr(hint, "__name__", "").endswith("ArgsDict")


def _enum_faults(value: Any, enum: type[Enum], path: str) -> list[str]:
    values = [member.value for member in enum]
    return [] if value in values else [f"{path}: {value!r} is none of {values}"]


def _is_plain(value: Any, hint: Any) -> bool:
    if hint is bool:
        return isinstance(value, bool)
    if hint in {int, float}:
        return not isinstance(value, bool) and (isinstance(value, int) or (hint is float and isinstance(value, float)))
    return isinstance(value, hint) if isinstance(hint, type) else True


@dataclass(frozen=True)
class Shape:
    """What kind of value an input holds, as far as other notations need to know."""

    hints: tuple[Any, ...]

    @property
    def is_block(self) -> bool:
        """An object with named parts, or a list of such; no map and no plain value."""
        return any(_input_class(hint) for hint in self.hints)

    def of(self, key: str) -> "Shape":
        """Return the shape of one part of a block."""
        found = next((_properties(args) for hint in self.hints if (args := _input_class(hint))), {})
        return Shape(tuple(_alternatives(found[key].type)) if key in found else ())


def shape_of(type_: str, key: str) -> Shape:
    """Return the shape of one input of a resource type."""
    properties = _inputs_of(type_) or {}
    return Shape(tuple(_alternatives(properties[key].type)) if key in properties else ())


def _input_class(hint: Any) -> type | None:
    if isinstance(hint, tuple):
        # A list of blocks; the values of a map are no blocks.
        inner = [] if issubclass(hint[0], Mapping) else _alternatives(hint[1][0])
        return next((found for item in inner if (found := _input_class(item))), None)
    return hint if isinstance(hint, type) and _types.is_input_type(hint) else None
