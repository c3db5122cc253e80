"""The promise of the compatibility check: what it calls compatible accepts whatever was accepted."""

import copy
import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from components.bundling.errors import BundleError
from components.bundling.schemas import build_validator, parts_of, read_schema
from fluxa.schemas.compatibility import issues_between

NAMES = st.sampled_from(["a", "b", "title"])
SCALARS = st.sampled_from([None, True, False, 0, 1, 2, -1, 1.5, 1.0, "", "a", "ab", "b", "abc"])
TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])


def small_instances():
    """Every value of a few members, and some within each other: what tells two small schemas apart is small as well."""
    few = [None, True, 0, 1, 2, 1.5, "", "a", "ab"]
    flat = [[], *([one] for one in few), *([one, other] for one in few for other in few), [1, 1, 1], ["a", 1, None, 2]]
    flat += [{}, *({name: one} for name in ("a", "b", "title", "ax", "c") for one in few)]
    flat += [{"a": one, name: other} for name in ("b", "ax", "c") for one in few for other in few]
    deep = [[], [1], ["a"], [1, 1], {}, {"a": 1}, {"b": "a"}, {"c": None}, {"a": {"a": 1}}, {"a": 1, "b": 1, "c": 1}]
    flat += [
        shape(one)
        for one in deep
        for shape in (lambda x: [x], lambda x: [1, x], lambda x: {"a": x}, lambda x: {"c": x})
    ]
    return [None, True, False, -1, 0, 1, 1.0, 1.5, 2, 3, 4, 5, "", "a", "b", "ab", "ba", "abc", *flat]


INSTANCES = small_instances()
SMALL = st.integers(0, 3)
KEYWORDS = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
    "enum": st.lists(SCALARS, min_size=1, max_size=3, unique_by=json.dumps),
    "const": SCALARS,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), st.sampled_from([0, 1, 1.5, 2])),
    "multipleOf": st.sampled_from([1, 2, 4, 0.5]),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), SMALL),
    "pattern": st.sampled_from(["a", "^a", "b$"]),
    "uniqueItems": st.booleans(),
    "required": st.lists(NAMES, max_size=2, unique=True),
    "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=1), max_size=1),
    "$ref": st.sampled_from(["#/$defs/one", "#/$defs/two"]),
}


def nested_keywords(inner):
    return {
        **KEYWORDS,
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "x"]), inner, max_size=1),
        **dict.fromkeys(("additionalProperties", "items", "propertyNames", "not", "contains", "if", "then"), inner),
        **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), st.just(False)),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), st.lists(inner, min_size=1, max_size=2)),
        "dependentSchemas": st.dictionaries(NAMES, inner, max_size=1),
        "minContains": SMALL,
    }


def some_of(keywords, at_most):
    chosen = st.lists(st.sampled_from(sorted(keywords)), max_size=at_most, unique=True)
    return chosen.flatmap(lambda words: st.fixed_dictionaries({word: keywords[word] for word in words}))


SCHEMAS = st.recursive(
    st.booleans() | some_of(KEYWORDS, 3), lambda inner: some_of(nested_keywords(inner), 4), max_leaves=6
)
EDITABLE = nested_keywords(some_of(KEYWORDS, 2) | st.booleans())
FILES = st.builds(
    lambda root, one, two: {**(root if isinstance(root, dict) else {}), "$defs": {"one": one, "two": two}},
    SCHEMAS,
    SCHEMAS,
    SCHEMAS,
)


@st.composite
def edits(draw):
    """Two files that differ as a person's edit would make them differ: in one or two keywords somewhere."""
    old = draw(FILES)
    new = json.loads(json.dumps(old))
    for _ in range(draw(st.integers(1, 2))):
        part = draw(st.sampled_from([part for _, part in parts_of(new)]))
        present = sorted(word for word in part if word in EDITABLE)
        if present and draw(st.booleans()):
            word = draw(st.sampled_from(present))
            del part[word]
        word = draw(st.sampled_from(present or sorted(EDITABLE)))
        if draw(st.booleans()):
            part[word] = json.loads(json.dumps(draw(EDITABLE[word])))
    return (new, old) if draw(st.booleans()) else (old, new)


def readable(schema):
    try:
        read_schema(json.dumps(schema).encode(), "s")
    except BundleError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_is_called_compatible_accepts_whatever_was_accepted():
    seen = Counter()

    @settings(
        max_examples=1_500,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(edits())
    def promise(pair):
        old, new = pair
        if not (readable(old) and readable(new)) or issues_between(old, new):
            return
        seen["compatible"] += 1
        before, after = build_validator(old), build_validator(new)
        accepted = [instance for instance in INSTANCES if before.is_valid(instance)]
        seen["telling"] += 0 < len(accepted) < len(INSTANCES)

        assert [] == [instance for instance in accepted if not after.is_valid(instance)], (old, new)

    promise()

    # A check that proves nothing would keep the promise as well.
    assert 300 < seen["compatible"]
    assert 100 < seen["telling"]


@settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(FILES.filter(readable))
def test_every_schema_is_compatible_with_itself(schema):
    assert [] == issues_between(schema, copy.deepcopy(schema))
