"""What the SDK sends is read exactly, and what we answer is what it can read."""

from typing import Any

import pulumi
import pytest

from fluxa.local.engine import UNKNOWN, Secret
from fluxa.local.engine.wire import SIGNATURE, carry_secrets, decode, encode, secret_paths, strip


@pytest.mark.parametrize(
    "value",
    [
        {"text": "a", "yes": True, "count": 256, "ratio": 0.5, "list": [1, "b", {"c": []}], "map": {"d": {}}},
        {"secret": Secret({"inner": [1, 2]}), "list": [Secret("x"), "y"]},
        {"later": UNKNOWN, "map": {"later": UNKNOWN}},
    ],
)
def test_values_survive_the_way_there_and_back(value: dict[str, Any]):
    assert value == decode(encode(value))


def test_archives_and_assets_survive_the_way_there_and_back():
    files = {
        "zip": pulumi.FileArchive("build/ingest.zip"),
        "text": pulumi.StringAsset("hello"),
        "file": pulumi.FileAsset("a.txt"),
        "remote": pulumi.RemoteArchive("https://example.org/a.zip"),
        "parts": pulumi.AssetArchive({"b.txt": pulumi.StringAsset("b")}),
    }

    back = decode(encode(files))

    assert {name: type(value) for name, value in files.items()} == {name: type(value) for name, value in back.items()}
    assert ("build/ingest.zip", "hello", "a.txt") == (back["zip"].path, back["text"].text, back["file"].path)
    assert "https://example.org/a.zip" == back["remote"].uri
    assert "b" == back["parts"].assets["b.txt"].text


def test_an_unknown_kind_of_value_is_refused():
    with pytest.raises(ValueError, match="a kind of value this engine does not know: signature 123"):
        decode(encode({"odd": {SIGNATURE: "123"}}))


def test_secrets_are_named_by_their_path():
    value = {"a": Secret(1), "b": {"c": [0, Secret(2)], "d": 3}}

    assert ["a", "b.c[1]"] == list(secret_paths(value))
    assert {"a": 1, "b": {"c": [0, 2], "d": 3}} == strip(value)


@pytest.mark.parametrize(
    ("outputs", "inputs", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": Secret(1)}, {"a": Secret(1), "b": 2}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": Secret(1)}}, {"a": {"x": Secret(1), "y": 2}}),
        ({"a": [1, 2]}, {"a": [Secret(1), 2]}, {"a": Secret([1, 2])}),
        ({"a": Secret(1)}, {"a": Secret(1)}, {"a": Secret(1)}),
        ({"a": [1]}, {"a": [1]}, {"a": [1]}),
    ],
)
def test_an_echoed_secret_stays_secret(outputs: Any, inputs: Any, expected: Any):
    assert expected == carry_secrets(outputs, inputs)


def test_a_secrets_text_is_in_no_repr():
    assert "hunter2" not in repr({"password": Secret("hunter2")})
