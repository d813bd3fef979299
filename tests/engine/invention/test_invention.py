"""Invention: the keywords that shape objects, lists and alternatives are all kept to."""

from typing import Any

import jsonschema_rs
import pytest

from mockserver.engine.examples import Examples
from mockserver.engine.invention import Uninventable


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "minProperties": 3, "maxProperties": 3},
        {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "maxProperties": 1},
        {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}},
        {"type": "object", "required": ["x-y"], "patternProperties": {"^x": {"const": 1}}},
        {"type": "object", "minProperties": 2, "propertyNames": {"pattern": "^[a-f]{8}$"}},
        {"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}},
        {
            "allOf": [{"properties": {"a": {"type": "integer"}}}],
            "unevaluatedProperties": False,
            "type": "object",
        },
        {"type": "array", "uniqueItems": True, "items": {"enum": [1, 2, 3]}, "minItems": 3},
        {"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": False},
        {"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}},
        {"type": "array", "contains": {"minimum": 7}, "minContains": 2, "maxContains": 2},
        {"type": "array", "maxItems": 0},
        {"enum": [1, 5, 9], "minimum": 4},
        {"type": ["integer", "string"], "enum": ["a", 1.5, None, 2]},
        {"oneOf": [{"type": "integer"}, {"type": "number"}]},
        {"oneOf": [{"type": "string"}, {"type": "null"}], "not": {"type": "null"}},
        {"allOf": [{"oneOf": [{"minimum": 1}, {"maximum": -1}]}, {"type": "integer"}]},
        {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"enum": ["a", "b"]}, "more": {"type": "string"}},
            "if": {"properties": {"kind": {"const": "a"}}},
            "then": {"required": ["more"]},
            "else": {"properties": {"more": False}},
        },
        {
            "$defs": {"leaf": {"type": "integer", "minimum": 3}},
            "anyOf": [{"$ref": "#/$defs/leaf"}, {"items": {"$ref": "#/$defs/leaf"}}],
        },
        True,
        {},
    ],
)
def test_every_keyword_is_kept_to(schema: Any) -> None:
    accepts = jsonschema_rs.Draft202012Validator(schema).is_valid
    examples = Examples(0)
    for key in range(20):
        value = examples.invent(schema, key)
        assert accepts(value), value


def test_optional_properties_come_and_go() -> None:
    schema = {"type": "object", "properties": {"a": {"const": 1}}}
    values = [Examples(0).invent(schema, key) for key in range(60)]
    assert {} in values
    assert values.count({"a": 1}) > 30


def test_every_alternative_has_its_turn() -> None:
    schema = {"oneOf": [{"const": 1}, {"const": 2}, {"const": 3}]}
    assert {Examples(0).invent(schema, key) for key in range(40)} == {1, 2, 3}


def test_a_list_that_may_be_empty_is_where_its_items_cannot_be_invented() -> None:
    impossible = {"type": "string", "pattern": "(?=x)"}
    assert Examples(0).invent({"type": "array", "items": impossible}) == []
    with pytest.raises(Uninventable, match="looks around"):
        Examples(0).invent({"type": "array", "items": impossible, "minItems": 1})


def test_the_place_of_what_cannot_be_invented_is_named() -> None:
    schema = {"required": ["a"], "properties": {"a": {"minimum": 2, "maximum": 1}}}
    with pytest.raises(Uninventable, match="for a:"):
        Examples(0).invent(schema)


def test_an_invented_value_is_nobody_elses() -> None:
    schema: dict[str, Any] = {"const": {"a": []}}
    Examples(0).invent(schema)["a"].append(1)
    assert Examples(0).invent(schema) == {"a": []}
