"""Recorded stacks in Terraform's words, for tools that know only those.

pulumi_aws is made from Terraform's provider, so every resource has a counterpart there. Names differ by rule (case,
plurals of blocks, one-element lists) and by the exceptions below. References between resources are rebuilt from the
recorded values: an input that holds another resource's output becomes a reference to it, as it was in the program.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from fluxa.local.engine import Recording, Registration
from tests.support.provider_schema import Shape, shape_of

TYPES = {
    "aws:apigateway/response:Response": "aws_api_gateway_gateway_response",
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": "aws_sqs_queue_redrive_allow_policy",
}
"""Types whose names follow no rule."""

MODULES = {"apigateway": "api_gateway_", "ec2": "", "rds": "db_"}
"""SDK module → what stands before the type in Terraform; for all others, the module itself."""

RENAMED = {
    "aws_api_gateway_base_path_mapping": {"restApi": "api_id"},
    "aws_api_gateway_deployment": {"restApi": "rest_api_id"},
    "aws_api_gateway_method_settings": {"restApi": "rest_api_id"},
    "aws_api_gateway_stage": {"restApi": "rest_api_id", "deployment": "deployment_id"},
    "aws_cloudwatch_metric_alarm": {"name": "alarm_name"},
    "aws_lambda_function": {"name": "function_name", "code": "filename"},
    "aws_lambda_permission": {"function": "function_name"},
    "aws_route53_record": {"aliases": "alias"},
    "aws_sns_topic_subscription": {"topic": "topic_arn"},
}
"""Inputs whose names follow no rule."""

KEPT_PLURAL = {"api_stages", "redacted_fields"}
"""Blocks that are plural in Terraform too."""

LISTS_OF_ONE = {"types"}
"""Plain values inside blocks that are lists in Terraform."""

SHORTEST_TELLING = 6
"""Characters of an output that is recognised inside a longer text."""

_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True)
class Reference:
    """An output of another resource, in place of its recorded value."""

    address: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.address}.{self.attribute}"


@dataclass(frozen=True)
class Text:
    """A string with outputs of other resources in it."""

    value: str
    parts: Sequence[str | Reference]


@dataclass(frozen=True, kw_only=True)
class TerraformResource:
    """One resource, with references where the program had them."""

    urn: str
    type: str
    name: str
    values: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"


def translated(recording: Recording) -> list[TerraformResource]:
    """Say what a recording asks for in Terraform's words; components and providers have none."""
    resources = [item for item in recording.registrations if item.custom and not item.type.startswith(_PROVIDER)]
    outputs = {item.urn: _outputs_of(item) for item in resources}
    return [_translated(item, outputs) for item in resources]


def distinct(stacks: Iterable[Sequence[TerraformResource]]) -> list[TerraformResource]:
    """Return every resource of several stacks once: most are equal, and a validator needs seconds for each thousand.

    The first of each name keeps it, so that references find something; the others are numbered.
    """
    found: dict[str, dict[str, TerraformResource]] = {}
    for item in itertools.chain.from_iterable(stacks):
        variants = found.setdefault(item.address, {})
        name = f"{item.name}--{len(variants)}" if variants else item.name
        variants.setdefault(repr(item.values), replace(item, name=name))
    return [item for variants in found.values() for item in variants.values()]


def _translated(item: Registration, outputs: Mapping[str, Mapping[str, Reference]]) -> TerraformResource:
    type_ = terraform_type(item.type)
    values = {}
    for key, value in item.inputs.items():
        known = {
            text: ref for urn in item.property_dependencies.get(key, ()) for text, ref in outputs.get(urn, {}).items()
        }
        shape = shape_of(item.type, key)
        values[_name(type_, key, value, shape)] = _value(value, shape, _Linker(known))
    return TerraformResource(urn=item.urn, type=type_, name=_identifier(item.name), values=values)


def terraform_type(token: str) -> str:
    """Return Terraform's name of a type."""
    if token in TYPES:
        return TYPES[token]
    module, _, path = token.removeprefix("aws:").partition("/")
    kind = path.partition(":")[2]
    before = MODULES.get(module, f"{module}_")
    return f"aws_{before}{_snake(kind)}"


def _outputs_of(item: Registration) -> dict[str, Reference]:
    """Map the recorded text of every output to the reference that stands for it."""
    address = f"{terraform_type(item.type)}.{_identifier(item.name)}"
    renamed = RENAMED.get(terraform_type(item.type), {})
    texts = {key: value for key, value in item.outputs.items() if isinstance(value, str)}
    return {value: Reference(address, renamed.get(key, _snake(key))) for key, value in texts.items()} | {
        item.id: Reference(address, "id")
    }


class _Linker:
    """Finds the outputs of other resources in a value."""

    def __init__(self, known: Mapping[str, Reference]) -> None:
        self._known = known
        # Inside a longer text only what cannot be there by chance.
        telling = sorted((text for text in known if len(text) >= SHORTEST_TELLING), key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(text) for text in telling)) if telling else None

    def linked(self, text: str) -> Any:
        if text in self._known:
            return self._known[text]
        if self._pattern is None or not self._pattern.search(text):
            return text
        parts: list[str | Reference] = []
        end = 0
        for found in self._pattern.finditer(text):
            parts += [text[end : found.start()], self._known[found[0]]]
            end = found.end()
        return Text(text, [*parts, text[end:]])


def _value(value: Any, shape: Shape, linker: _Linker) -> Any:
    # A policy may be given as an object or as text.
    if shape.is_block and not isinstance(value, str):
        return [_block(item, shape, linker) for item in (value if isinstance(value, list) else [value])]
    match value:
        case str():
            return linker.linked(value)
        case Mapping():
            return {key: _value(item, shape, linker) for key, item in value.items()}
        case list() | tuple():
            return [_value(item, shape, linker) for item in value]
        case pulumi.FileArchive():
            return str(value.path)
        case _:
            return value


def _block(value: Mapping[str, Any], shape: Shape, linker: _Linker) -> dict[str, Any]:
    parts = {key: [item] if key in LISTS_OF_ONE else item for key, item in value.items() if item is not None}
    return {_name("", key, item, shape.of(key)): _value(item, shape.of(key), linker) for key, item in parts.items()}


def _name(type_: str, key: str, value: Any, shape: Shape) -> str:
    if key in RENAMED.get(type_, {}):
        return RENAMED[type_][key]
    name = _snake(key)
    if shape.is_block and isinstance(value, list | tuple) and name not in KEPT_PLURAL:
        return _singular(name)
    return name


def _singular(name: str) -> str:
    return re.sub(r"ies$", "y", name) if name.endswith("ies") else name.removesuffix("s")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
