"""Explanations: what is wrong with a value, in words, and where."""

from typing import Any

import pytest

from mockserver.engine.contract import Contract
from mockserver.engine.contract.explain import violations
from mockserver.engine.contract.thorough import Thorough
from mockserver.engine.contract.violations import MOST, Violation


def explained(schema: Any, value: Any) -> list[Violation]:
    """The violations of a value, as the thorough validator alone finds them."""
    return violations(Thorough("urn:test", {}).validator(schema), value, "request", "/body")


def said(schema: Any, value: Any) -> list[tuple[str, str, str]]:
    """Pointer, rule and message of each violation."""
    return [(one.pointer, one.rule, one.message) for one in explained(schema, value)]


@pytest.mark.parametrize(
    ("schema", "value", "rule", "message"),
    [
        ({"type": "string"}, 5, "type", "must be a string, not 5"),
        ({"type": "string"}, {"a": 1}, "type", "must be a string, not an object with a"),
        ({"type": "object"}, [1, 2], "type", "must be an object, not a list of 2"),
        ({"type": ["integer", "null"]}, "x", "type", 'must be an integer or null, not "x"'),
        ({"type": "boolean"}, None, "type", "must be true or false, not null"),
        ({"enum": ["a", "b"]}, "c", "enum", 'must be one of "a", "b", not "c"'),
        ({"const": 1}, 2, "const", "must be 1, not 2"),
        ({"minimum": 1}, 0, "minimum", "must be at least 1, not 0"),
        ({"exclusiveMaximum": 1}, 1, "exclusiveMaximum", "must be less than 1, not 1"),
        ({"multipleOf": 0.01}, 0.001, "multipleOf", "must be a multiple of 0.01, not 0.001"),
        ({"minLength": 2}, "a", "minLength", "must have at least 2 characters, not 1"),
        ({"maxItems": 1}, [1, 2], "maxItems", "must have at most 1 items, not 2"),
        ({"minProperties": 1}, {}, "minProperties", "must have at least 1 properties, not 0"),
        ({"uniqueItems": True}, [1, 1], "uniqueItems", "must not hold the same item twice"),
        ({"pattern": "^a"}, "b", "pattern", 'must match ^a, not "b"'),
        ({"format": "uuid"}, "b", "format", 'must be a uuid, not "b"'),
        ({"format": "email"}, "b", "format", 'must be an email, not "b"'),
        ({"not": {"type": "null"}}, None, "not", "must not be null"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "oneOf", "fits more than one"),
        (False, 1, "schema", "must not be given"),
    ],
)
def test_a_violation_says_what_was_expected_and_what_was_found(
    schema: Any, value: Any, rule: str, message: str
) -> None:
    (violation,) = explained(schema, value)
    assert (violation.pointer, violation.rule) == ("/body", rule)
    assert violation.message.startswith(message)


def test_a_missing_and_an_unknown_property_are_pointed_at() -> None:
    schema = {
        "required": ["a", "b/c"],
        "properties": {"a": {}},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    assert said(schema, {"x-y": 1, "d": 2}) == [
        ("/body/a", "required", "is required"),
        ("/body/b~1c", "required", "is required"),
        ("/body/d", "additionalProperties", "is not a known property"),
    ]


def test_a_property_that_must_not_be_there_is_pointed_at() -> None:
    schema = {"properties": {"a": False}, "patternProperties": {"^x": False}}
    assert said(schema, {"a": 1, "x1": 2}) == [
        ("/body/a", "not", "must not be given"),
        ("/body/x1", "not", "must not be given"),
    ]


def test_an_unevaluated_property_is_pointed_at() -> None:
    schema = {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False}
    assert said(schema, {"a": 1, "b": 2}) == [
        ("/body/b", "unevaluatedProperties", "is not a known property")
    ]


SOURCE = {
    "oneOf": [
        {
            "type": "object",
            "required": ["kind", "id"],
            "properties": {"kind": {"const": "file"}, "id": {"type": "integer"}},
        },
        {
            "type": "object",
            "required": ["kind", "urls"],
            "properties": {
                "kind": {"enum": ["link", "links"]},
                "urls": {"type": "array", "items": {"type": "string"}},
            },
        },
        {"type": "null"},
    ]
}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"kind": "file", "id": "x"}, [("/body/id", "type", 'must be an integer, not "x"')]),
        ({"kind": "link"}, [("/body/urls", "required", "is required")]),
        (
            {"kind": "links", "urls": ["a", 1]},
            [("/body/urls/1", "type", "must be a string, not 1")],
        ),
        (5, [("/body", "type", "must be an object or null, not 5")]),
        (
            {"kind": "other", "id": 1},
            [("/body/kind", "enum", 'must be one of "file", "link", "links", not "other"')],
        ),
    ],
)
def test_of_alternatives_the_one_that_was_meant_is_explained(
    value: Any, found: list[tuple[str, str, str]]
) -> None:
    assert said(SOURCE, value) == found


def test_alternatives_within_alternatives_are_explained_at_their_ends() -> None:
    schema = {"anyOf": [{"type": "null"}, {"type": "array", "items": SOURCE}]}
    assert said(schema, [None, {"kind": "file"}]) == [("/body/1/id", "required", "is required")]


def test_no_more_violations_are_listed_than_anyone_reads() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    assert len(explained(schema, list(range(1000)))) == MOST
    names = {f"p{number}": {"type": "string"} for number in range(30)}
    either = {"anyOf": [{"type": "null"}, {"properties": names}]}
    assert len(explained(either, dict.fromkeys(names, 1))) == MOST


def test_the_alternative_with_the_fewest_errors_is_taken_to_be_meant() -> None:
    schema = {"anyOf": [{"required": ["a", "b", "c"]}, {"required": ["a", "d"]}]}
    assert [one.pointer for one in explained(schema, {"a": 1})] == ["/body/d"]


def test_the_value_of_a_violation_is_never_large() -> None:
    for value in ("x" * 10_000, ["x"] * 10_000, {"x" * 100: 1}, 10**400):
        (violation,) = explained({"type": "null"}, value)
        assert len(str(violation.value)) <= 200
        assert len(violation.message) <= 200


@pytest.mark.parametrize("depth", [100, 1000])
def test_a_value_nested_deeply_is_a_violation_and_no_crash(depth: int) -> None:
    contract = Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Trees", "version": "1"},
            "paths": {},
            "webhooks": {
                "grown": {
                    "post": {
                        "requestBody": {
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/T"}}
                            }
                        }
                    }
                }
            },
            "components": {
                "schemas": {
                    "T": {"oneOf": [{"items": {"$ref": "#/components/schemas/T"}}, {"const": 1}]}
                    | {"type": ["array", "integer"]}
                }
            },
        }
    )
    tree: Any = "leaf"
    for _ in range(depth):
        tree = [tree]
    assert contract.webhooks["grown"].violations(tree)
