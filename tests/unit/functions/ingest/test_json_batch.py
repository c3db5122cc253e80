"""Many objects in one body: whose fault is whose."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.errors import MalformedJson, MalformedRequest, PayloadTooLarge
from functions.ingest.json_batch import EVENTS_AT_MOST, read_array, read_lines

# Bad in themselves, with an end that can be found.
CONTAINED = {
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":[-Infinity]}',
    "huge number": b'{"a":1e400}',
    "huge integer": b'{"a":' + b"9" * 5_000 + b"}",
    "NUL": b'{"a":"\\u0000"}',
    "lone surrogate": b'{"a":"\\ud800"}',
    "twice": b'{"a":1,"a":2}',
    "control character": b'{"a":"tab\there"}',
    "number": b"5",
    "string": b'"]"',
    "null": b"null",
    "array": b"[[]]",
    "5,000 levels": b'{"a":' + b"[" * 5_000 + b'"]}\\"",1' + b"]" * 5_000 + b"}",
    "100,000 levels": b'{"a":' + b'{"b":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
}
# Nobody can tell where these end.
UNENDING = [
    b"{",
    b'{"a":}',
    b'{"a":1,}',
    b'{"a" 1}',
    b"nonsense",
    b"'a'",
    b'{"a":01}',
    b'{"a":"\\x"}',
    b'{"a":1,"a":2,}',
]


def shapes(items):
    return ["error" if isinstance(item, MalformedJson) else {n: m.text for n, m in item.items()} for item in items]


@pytest.mark.parametrize("bad", CONTAINED.values(), ids=CONTAINED)
def test_what_is_wrong_with_one_element_stays_there(bad):
    body = b' [ {"n":1} , ' + bad + b' ,\n{"n":2},' + bad + b"] "

    assert [{"n": "1"}, "error", {"n": "2"}, "error"] == shapes(read_array(body))


@pytest.mark.parametrize("bad", UNENDING)
def test_an_array_that_is_not_json_is_refused_as_a_whole(bad):
    with pytest.raises(MalformedJson):
        list(read_array(b'[{"n":1},' + bad + b',{"n":2}]'))


@pytest.mark.parametrize("bad", [*CONTAINED.values(), *UNENDING, b"\xff", b'{"a":1} {"a":2}'])
def test_whatever_is_wrong_with_a_line_stays_there(bad):
    body = b'{"n":1}\r\n\n' + bad + b'\n  \n{"n":2}'

    assert [{"n": "1"}, "error", {"n": "2"}] == shapes(read_lines(body))


@pytest.mark.parametrize("body", [b"", b"{}", b"5", b"[", b"[{}", b"[{},", b"[{}]]", b"[{}{}]", b"[,]", b"\xff"])
def test_what_is_no_array_is_refused(body):
    with pytest.raises(MalformedJson):
        list(read_array(body))


def test_a_payloads_text_is_kept_as_it_was_sent():
    text = '{"n": 1.50, "n":2E1, "é" : "\\u00e9"}'
    body = f'[{{"payload": {text} }}]'.encode()

    (item,) = read_array(body)

    assert text == item["payload"].text


@given(
    st.lists(
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            st.floats(allow_nan=False, allow_infinity=False)
            | st.integers(max_value=10**300, min_value=-(10**300))
            | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_array_and_every_line_that_json_writes_is_read(objects):
    array = json.dumps(objects).encode()
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in objects).encode()

    for items in (read_array(array), read_lines(lines)):
        assert objects == [{name: json.loads(member.text) for name, member in item.items()} for item in items]


@pytest.mark.parametrize(("read", "glue"), [(read_array, b","), (read_lines, b"\n")])
def test_five_hundred_are_taken_and_one_more_is_not(read, glue):
    def body(count):
        joined = glue.join([b"{}"] * count)
        return b"[" + joined + b"]" if read is read_array else joined

    assert EVENTS_AT_MOST == len(list(read(body(EVENTS_AT_MOST))))
    with pytest.raises(PayloadTooLarge, match="more than 500"):
        list(read(body(EVENTS_AT_MOST + 1)))


@pytest.mark.parametrize(("read", "body"), [(read_array, b" [ ] "), (read_lines, b""), (read_lines, b"\n \r\n")])
def test_an_empty_batch_is_refused(read, body):
    with pytest.raises(MalformedRequest, match="empty"):
        list(read(body))
