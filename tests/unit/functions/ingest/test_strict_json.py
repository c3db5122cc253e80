"""What a body must be so that PostgreSQL can store it unchanged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.errors import MalformedJson
from functions.ingest.strict_json import MAX_DEPTH, read_object, read_value, refuse_deep, refuse_unstorable


def test_a_members_text_is_kept_as_it_was_sent() -> None:
    members = read_object(b' {"a" : {"n": 1.0,  "n":2E1} , "b":"\\u00e9"}\n')

    assert {name: member.text for name, member in members.items()} == {"a": '{"n": 1.0,  "n":2E1}', "b": '"\\u00e9"'}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"[1]", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"{", "Expected a field name"),
        (b'{"a"}', "Expected ':'"),
        (b'{"a":}', "Expecting value"),
        (b'{"a":1,}', "Expected a field name"),
        (b'{"a":1 "b":2}', "Expected ','"),
        (b'{"a":1}x', "Unexpected text after"),
        (b'{"a":1', "Expected ','"),
        (b"{'a':1}", "Expected a field name"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
        (b"\xef\xbb\xbf{}", "must be a JSON object"),
        (b'{"a":"\x00"}', "Invalid control character"),
        (b'{"a":1,"a":2}', "appears twice"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":[1e400]}', "too large"),
        (b'{"a":-1E+999}', "too large"),
        (b'{"a":' + b"9" * 400 + b"}", "too large"),
        (b'{"a":' + b"9" * 5000 + b"}", "too large"),
        (b'{"a":' + b"9" * 299 + b"e99}", "too large"),
        (b'{"a":"\\u0000"}', "cannot be stored"),
        (b'{"\\u0000":1}', "cannot be stored"),
        (b'{"a":"\\ud800"}', "cannot be stored"),
        (b'{"a":"\\uDC00\\uD800"}', "cannot be stored"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_what_cannot_be_stored_unchanged_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedJson, match=reason):
        read_object(body)


@pytest.mark.parametrize(
    "value",
    [
        "1e308",
        "-1.7976931348623157e308",
        "1e-400",
        "0",
        '"\\\\u0000"',
        '"\\ud83d\\ude00"',
        '"\\\\\\\\ud800"',
        "[]",
        "{}",
    ],
)
def test_what_can_be_stored_is_taken(value: str) -> None:
    member = read_object(f'{{"payload":{value}}}'.encode())["payload"]

    assert value == member.text


def test_an_integer_stays_one_beside_what_looks_like_a_huge_number() -> None:
    members = read_object(b'{"id":"de305d54-75b4-431b-adb2-eb6b9e546014","n":5}')

    assert (5, int) == (members["n"].value, type(members["n"].value))


def test_nesting_is_counted_exactly() -> None:
    refuse_deep("payload", "[" * MAX_DEPTH + "]" * MAX_DEPTH)

    with pytest.raises(MalformedJson, match="nested too deeply"):
        refuse_deep("payload", '{"a":' * MAX_DEPTH + "[]" + "}" * MAX_DEPTH)


def test_brackets_in_strings_and_side_by_side_do_not_nest() -> None:
    refuse_deep("payload", json.dumps(["[" * 500, '\\"[[[', [[]] * 500]))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.booleans(),
)
def test_every_other_json_value_comes_back_to_the_letter(value: object, ensure_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=ensure_ascii)
    storable = "\\u0000" not in json.dumps(value) and _encodable(text) and _has_no_lone_surrogate(value)

    if storable:
        assert text == read_value(text.encode()).text
    elif _encodable(text):
        with pytest.raises(MalformedJson, match="stored"):
            refuse_unstorable(json.dumps(value))


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _has_no_lone_surrogate(value: object) -> bool:
    return _encodable(json.dumps(value, ensure_ascii=False))
