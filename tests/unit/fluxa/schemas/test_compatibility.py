"""Compatible means: whatever the old schema accepts, the new one accepts. Each rule, by example."""

import copy

import pytest

from fluxa.schemas.compatibility import issues_between

CLOSED = {"type": "object", "additionalProperties": False}
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {**CLOSED, "properties": {"next": {"$ref": "#/$defs/node"}, "value": {"type": "integer"}}},
    },
}


def wide_tree():
    tree = copy.deepcopy(TREE)
    tree["$defs"]["node"]["properties"]["value"] = {"type": ["number", "null"]}
    return tree


def a(**properties):
    return {**CLOSED, "properties": properties}


INCOMPATIBLE = [
    ({"type": "number"}, {"type": "integer"}, "the schema", "type_narrowed"),
    ({}, {"type": "string"}, "the schema", "type_narrowed"),
    (a(x={"type": ["string", "null"]}), a(x={"type": "string"}), "properties.x", "type_narrowed"),
    ({"enum": [1, 2, 3]}, {"enum": [1, 2]}, "the schema", "enum_narrowed"),
    ({"enum": [True]}, {"enum": [1]}, "the schema", "enum_narrowed"),
    ({"type": "string"}, {"enum": ["a"]}, "the schema", "enum_added"),
    ({"const": 1}, {"const": 2}, "the schema", "const_narrowed"),
    (a(x={}, y={}), a(x={}), "properties.y", "property_removed"),
    (
        {"properties": {"x": {}}},
        {"properties": {"x": {}}, "additionalProperties": False},
        "additionalProperties",
        "additional_properties_closed",
    ),
    (
        {"type": "object"},
        {"type": "object", "properties": {"x": {"type": "string"}}},
        "properties.x",
        "property_added_to_open",
    ),
    (a(x={}), {**a(x={}), "required": ["x"]}, "properties.x", "required_added"),
    ({"minimum": 1}, {"minimum": 2}, "the schema", "minimum_raised"),
    ({"minimum": 1}, {"exclusiveMinimum": 1}, "the schema", "minimum_raised"),
    ({}, {"maximum": 2}, "the schema", "maximum_lowered"),
    ({"exclusiveMaximum": 3}, {"maximum": 2}, "the schema", "maximum_lowered"),
    ({"multipleOf": 2}, {"multipleOf": 4}, "the schema", "multiple_of_changed"),
    ({"type": "string"}, {"type": "string", "minLength": 1}, "the schema", "min_length_raised"),
    ({"maxLength": 9}, {"maxLength": 8}, "the schema", "max_length_lowered"),
    ({}, {"minItems": 1}, "the schema", "min_items_raised"),
    ({}, {"maxItems": 1}, "the schema", "max_items_lowered"),
    ({}, {"minProperties": 1}, "the schema", "min_properties_raised"),
    ({}, {"maxProperties": 1}, "the schema", "max_properties_lowered"),
    ({"pattern": "^a"}, {"pattern": "^ab"}, "the schema", "pattern_changed"),
    ({}, {"uniqueItems": True}, "the schema", "unique_items_added"),
    ({"items": {"type": "number"}}, {"items": {"type": "integer"}}, "items", "type_narrowed"),
    ({"prefixItems": [{}]}, {"prefixItems": [{"type": "null"}]}, "prefixItems[0]", "type_narrowed"),
    (
        {"prefixItems": [{"type": "string"}], "items": {"type": "null"}},
        {"items": {"type": "null"}},
        "items",
        "type_narrowed",
    ),
    ({"propertyNames": {"maxLength": 5}}, {"propertyNames": {"maxLength": 4}}, "propertyNames", "max_length_lowered"),
    ({}, {"patternProperties": {"^x": {"type": "null"}}}, "patternProperties.^x", "type_narrowed"),
    (
        {"properties": {"x1": {"type": "string"}}, "additionalProperties": False},
        {"properties": {"x1": {}}, "patternProperties": {"^x": {"type": "null"}}},
        "patternProperties.^x",
        "type_narrowed",
    ),
    ({}, {"dependentRequired": {"a": ["b"]}}, "dependentRequired.a", "required_added"),
    ({}, {"dependentSchemas": {"a": {"required": ["b"]}}}, "dependentSchemas.a.properties.b", "required_added"),
    ({"type": "string"}, False, "the schema", "closed"),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string"}, "the schema", "type_narrowed"),
    ({"type": "string"}, {"anyOf": [{"type": "null"}, {"maxLength": 3}]}, "anyOf", "not_proven"),
    ({"not": {"const": 1}}, {"not": {"type": "integer"}}, "not", "not_proven"),
    ({}, {"oneOf": [{"type": "string"}, {"minLength": 1}]}, "oneOf", "not_proven"),
    ({}, {"contains": {"type": "null"}}, "contains", "not_proven"),
    ({}, {"if": {"type": "string"}, "then": {"minLength": 1}}, "if", "not_proven"),
    (
        {"properties": {"x": {}}},
        {"properties": {"x": {}}, "unevaluatedProperties": False},
        "unevaluatedProperties",
        "not_proven",
    ),
    (
        {"anyOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False},
        {"unevaluatedProperties": False},
        "unevaluatedProperties",
        "not_proven",
    ),
    (
        {"$ref": "#/$defs/x", "$defs": {"x": {"anyOf": [{"const": 1}, {"const": "a"}]}}},
        {"type": "string"},
        "the schema",
        "type_narrowed",
    ),
    (wide_tree(), TREE, "properties.value", "type_narrowed"),
    # The same words, another meaning: what they refer to has changed.
    (
        {"not": {"$ref": "#/$defs/x"}, "$defs": {"x": {"const": 1}}},
        {"not": {"$ref": "#/$defs/x"}, "$defs": {"x": {}}},
        "not",
        "not_proven",
    ),
    # A property that happens to be called like a keyword is no annotation.
    ({"anyOf": [a(title={}), a(x={})]}, {"anyOf": [a(title=False), a(x={})]}, None, "not_proven"),
]


@pytest.mark.parametrize(("old", "new", "place", "rule"), INCOMPATIBLE)
def test_a_change_that_refuses_what_was_accepted_is_named_by_place_and_rule(old, new, place, rule):
    found = issues_between(old, new)

    assert rule in {issue.rule for issue in found}
    assert place is None or place in {str(issue).partition(": ")[0] for issue in found}


COMPATIBLE = [
    (
        {"$ref": "#/$defs/x", "$defs": {"x": {"anyOf": [{"const": 1}, {"const": "a"}]}}},
        {"type": ["integer", "string"]},
    ),
    ({"type": "integer"}, {"type": "number"}),
    ({"type": "string", "title": "a"}, {"type": "string", "title": "b", "x-owner": "me", "format": "email"}),
    (a(x={}), a(x={}, y={"type": "string"})),
    ({**a(x={}), "required": ["x"]}, a(x={})),
    (a(x={}), {"type": "object", "properties": {"x": {}}}),
    ({"enum": ["a", "b"]}, {"type": "string", "maxLength": 1}),
    ({"const": 3}, {"enum": [1, 2, 3], "minimum": 0}),
    ({"minimum": 2}, {"exclusiveMinimum": 1}),
    ({"exclusiveMinimum": 1}, {"minimum": 1}),
    ({"multipleOf": 4}, {"multipleOf": 2}),
    ({"type": "integer"}, {"multipleOf": 1}),
    # The types rule out what the keyword speaks about.
    ({"type": "string"}, {"minimum": 5, "required": ["a"], "items": False}),
    ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ({"anyOf": [{"const": 1}, {"const": "a"}]}, {"type": ["integer", "string"]}),
    ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"anyOf": [{"type": "null"}, {"type": "string"}]}),
    (
        {"oneOf": [{"type": "string"}, {"minLength": 1}]},
        {"oneOf": [{"type": "string"}, {"minLength": 1, "title": "t"}]},
    ),
    ({"type": "integer", "minimum": 3}, {"allOf": [{"minimum": 1}, {"type": "integer"}]}),
    ({"allOf": [{"minimum": 1}, {"type": "integer"}]}, {"type": "integer", "minimum": 1}),
    ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}}, {"type": "string"}),
    ({"type": "string"}, {"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}}),
    (TREE, wide_tree()),
    ({"prefixItems": [{"type": "string"}], "items": False}, {"items": {"type": "string"}}),
    ({"additionalProperties": {"type": "integer"}}, {"properties": {"x": {"type": "number"}}}),
    (
        {"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False},
        {"patternProperties": {"^x": {"type": "number"}}, "additionalProperties": False},
    ),
    ({"if": {"type": "string"}, "then": {"minLength": 1}}, {"if": {"type": "string"}, "then": {"minLength": 1}}),
    (
        {"properties": {"a": {}}, "unevaluatedProperties": False},
        {"properties": {"a": {}}, "unevaluatedProperties": False},
    ),
    (False, {"type": "string"}),
    ({"type": "string"}, True),
]


@pytest.mark.parametrize(("old", "new"), COMPATIBLE)
def test_a_change_that_refuses_nothing_more_passes(old, new):
    assert [] == issues_between(old, new)


def test_alternatives_within_alternatives_end_in_a_doubt_and_not_in_a_hang():
    def nested(depth):
        return {"type": "null"} if depth == 0 else {"anyOf": [a(x=nested(depth - 1), y={"const": n}) for n in range(6)]}

    found = issues_between(nested(6), {"anyOf": [nested(5), nested(4)]})

    assert found
