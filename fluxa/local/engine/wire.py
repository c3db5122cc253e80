"""Values on their way between the Pulumi SDK and a provider: plain Python on our side, protobuf on the SDK's.

The SDK marks what JSON has no word for by an object with a signature key, and an unknown value by a reserved string.
Both are part of the protocol that every Pulumi language shares (sdk/go/common/resource/properties.go in pulumi/pulumi).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import pulumi
from google.protobuf import struct_pb2  # type: ignore[import-untyped] # The package ships no types.

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker of the protocol, no secret
ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN_MARKER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown(Enum):
    """The type of a value that only a real deployment would know."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""What stands for an output that a preview cannot know."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be shown; its text never appears in a `repr`."""

    value: Any = field(repr=False)


def decode(properties: struct_pb2.Struct) -> dict[str, Any]:
    """Read the SDK's properties; secrets stay wrapped in `Secret`, unknown values become `UNKNOWN`."""
    decoded = _from_struct(properties)
    return decoded if isinstance(decoded, dict) else {}


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Write properties for the SDK: the opposite of `decode`."""
    struct = struct_pb2.Struct()
    struct.update({key: _to_json(value) for key, value in properties.items()})
    return struct


def strip(value: Any) -> Any:
    """Return `value` with every `Secret` replaced by what it wraps."""
    match value:
        case Secret():
            return strip(value.value)
        case dict():
            return {key: strip(item) for key, item in value.items()}
        case list():
            return [strip(item) for item in value]
        case _:
            return value


def secret_paths(value: Any, path: str = "") -> Iterator[str]:
    """Name every secret in `value`, as `environment.variables.TOKEN` or `rules[0].key`."""
    match value:
        case Secret():
            yield path
        case dict():
            for key, item in value.items():
                yield from secret_paths(item, f"{path}.{key}" if path else key)
        case list():
            for index, item in enumerate(value):
                yield from secret_paths(item, f"{path}[{index}]")


def carry_secrets(outputs: Any, inputs: Any) -> Any:
    """Mark in `outputs` what was secret in `inputs`, as the engine does when a provider echoes its inputs.

    A list with a secret in it becomes secret whole: nothing says that a provider keeps the order.
    """
    match outputs, inputs:
        case Secret(), _:
            return outputs
        case _, Secret():
            return Secret(outputs)
        case dict(), dict():
            return {key: carry_secrets(item, inputs[key]) if key in inputs else item for key, item in outputs.items()}
        case list(), list() if any(secret_paths(inputs)):
            return Secret(strip(outputs))
        case _:
            return outputs


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _from_struct(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number: float = value.number_value
        # Protobuf knows one kind of number; 256.0 would read badly and fail where AWS wants an integer.
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return UNKNOWN if value.string_value == UNKNOWN_MARKER else value.string_value
    if kind == "bool_value":
        return value.bool_value
    return None


def _from_struct(struct: struct_pb2.Struct) -> Any:
    # A protobuf map has no order of its own; sorted, equal programs give equal recordings.
    fields = sorted(struct.fields.items())
    plain = {key: _from_value(value) for key, value in fields if value.WhichOneof("kind") != "null_value"}
    signature = plain.pop(SIGNATURE, None)
    if signature is None:
        return plain
    if signature == SECRET_SIGNATURE:
        return Secret(plain.get("value"))
    if signature == ASSET_SIGNATURE:
        return _asset(plain)
    if signature == ARCHIVE_SIGNATURE:
        return _archive(plain)
    raise ValueError(f"the Pulumi SDK sent a kind of value this engine does not know: signature {signature}")


def _asset(fields: Mapping[str, Any]) -> pulumi.Asset:
    if "path" in fields:
        return pulumi.FileAsset(fields["path"])
    if "text" in fields:
        return pulumi.StringAsset(fields["text"])
    return pulumi.RemoteAsset(fields["uri"])


def _archive(fields: Mapping[str, Any]) -> pulumi.Archive:
    if "path" in fields:
        return pulumi.FileArchive(fields["path"])
    if "assets" in fields:
        return pulumi.AssetArchive(fields["assets"])
    return pulumi.RemoteArchive(fields["uri"])


def _to_json(value: Any) -> Any:
    match value:
        case Unknown():
            return UNKNOWN_MARKER
        case Secret():
            return {SIGNATURE: SECRET_SIGNATURE, "value": _to_json(value.value)}
        case dict():
            return {key: _to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [_to_json(item) for item in value]
        case pulumi.Asset() | pulumi.Archive():
            return _asset_to_json(value)
        case _:
            return value


def _asset_to_json(value: pulumi.Asset | pulumi.Archive) -> dict[str, Any]:
    match value:
        case pulumi.FileAsset():
            return {SIGNATURE: ASSET_SIGNATURE, "path": str(value.path)}
        case pulumi.StringAsset():
            return {SIGNATURE: ASSET_SIGNATURE, "text": value.text}
        case pulumi.FileArchive():
            return {SIGNATURE: ARCHIVE_SIGNATURE, "path": str(value.path)}
        case pulumi.AssetArchive():
            return {SIGNATURE: ARCHIVE_SIGNATURE, "assets": {k: _to_json(v) for k, v in value.assets.items()}}
        case pulumi.RemoteAsset() | pulumi.RemoteArchive():
            signature = ASSET_SIGNATURE if isinstance(value, pulumi.RemoteAsset) else ARCHIVE_SIGNATURE
            return {SIGNATURE: signature, "uri": value.uri}
        case _:
            raise TypeError(f"cannot send a {type(value).__name__} to the Pulumi SDK")
