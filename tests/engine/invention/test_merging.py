"""Merging: `allOf` and references become one schema, alternatives a list of them."""

from typing import Any

import pytest

from mockserver.engine.invention.merging import alternatives, joined, merged

KNOWN: dict[str, Any] = {
    "named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "loop": {"$ref": "loop"},
}


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"minimum": 1, "maximum": 9}, {"minimum": 3, "maximum": 5}, {"minimum": 3, "maximum": 5}),
        ({"type": ["string", "null"]}, {"type": "string"}, {"type": ["string"]}),
        ({"type": "number"}, {"type": "integer"}, {"type": ["integer"]}),
        ({"type": "string"}, {"type": "integer"}, False),
        ({"enum": [1, 2, 3]}, {"enum": [2, 3, 4]}, {"enum": [2, 3]}),
        ({"enum": [1]}, {"enum": [2]}, False),
        ({"const": 1}, {"const": 2}, False),
        ({"required": ["a"]}, {"required": ["b", "a"]}, {"required": ["a", "b"]}),
        ({"uniqueItems": False}, {"uniqueItems": True}, {"uniqueItems": True}),
        ({"type": "string"}, True, {"type": "string"}),
        ({"type": "string"}, False, False),
        (
            {"properties": {"a": {"minimum": 1}, "b": {}}},
            {"properties": {"a": {"maximum": 2}, "c": {}}},
            {"properties": {"a": {"allOf": [{"minimum": 1}, {"maximum": 2}]}, "b": {}, "c": {}}},
        ),
        (
            {"anyOf": [{"minimum": 1}]},
            {"anyOf": [{"maximum": 2}]},
            {"anyOf": [{"allOf": [{"minimum": 1}, {"maximum": 2}]}]},
        ),
    ],
)
def test_joining_keeps_what_satisfies_both(one: Any, other: Any, both: Any) -> None:
    assert joined(one, other) == both


def test_references_and_all_of_are_joined_into_the_schema() -> None:
    schema = {"$ref": "named", "allOf": [{"required": ["id"]}], "description": "A thing"}
    assert merged(schema, KNOWN.__getitem__) == {
        "type": "object",
        "required": ["name", "id"],
        "properties": {"name": {"type": "string"}},
        "description": "A thing",
    }


def test_a_reference_that_leads_to_itself_is_an_error() -> None:
    with pytest.raises(ValueError, match="without end"):
        merged({"$ref": "loop"}, KNOWN.__getitem__)


def test_alternatives_of_alternatives_are_all_listed() -> None:
    schema = {
        "type": ["integer", "string"],
        "oneOf": [{"anyOf": [{"minimum": 1}, {"maximum": -1}]}, {"type": "string"}],
    }
    assert alternatives(schema, KNOWN.__getitem__) == [
        {"type": ["integer", "string"], "minimum": 1},
        {"type": ["integer", "string"], "maximum": -1},
        {"type": ["string"]},
    ]


def test_a_condition_is_two_alternatives() -> None:
    schema = {"if": {"minimum": 1}, "then": {"maximum": 2}}
    assert alternatives(schema, KNOWN.__getitem__) == [{"minimum": 1, "maximum": 2}, True]
