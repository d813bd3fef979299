"""Explanations: what is wrong with a value, in words, with the verdict of the fast validator."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.engine.contract import Contract, explain
from mockserver.engine.contract.schemas import FORMATS
from mockserver.engine.contract.violations import MOST, Violation
from mockserver.engine.examples import Examples
from mockserver.engine.invention import Uninventable
from tests.engine import schemas


def explained(schema: Any, value: Any) -> list[Violation]:
    """The violations of a value, as the explaining validator alone finds them."""
    checker = explain.validator(schema, explain.registry("urn:test", {}))
    return explain.violations(checker, value, "request", "/body")


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


def agree(schema: Any, value: Any) -> None:
    """Assert that both validators give the same verdict."""
    fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value)
    assert fast == (explained(schema, value) == []), (schema, value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "ABC-1234", "new", "2026-01-02", "x@y.example", "1.json", "a\n"])
    | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(schemas.NAMES), children, max_size=3)
    ),
    max_leaves=6,
)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(schemas.ANY, VALUES)
def test_both_validators_agree_on_any_value(schema: Any, value: Any) -> None:
    agree(schema, value)


@MANY
@given(schemas.ANY, st.integers(0, 10), st.data())
def test_both_validators_agree_on_values_that_almost_fit(
    schema: Any, key: int, data: st.DataObject
) -> None:
    try:
        value = Examples(0).invent(schema, key)
    except Uninventable:
        return
    agree(schema, value)
    agree(schema, changed(value, data))


def changed(value: Any, data: st.DataObject) -> Any:
    """The value with one thing in it replaced, removed or added."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(value)))
        rest = {key: item for key, item in value.items() if key != name}
        return rest if data.draw(st.booleans()) else {**rest, name: changed(value[name], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        return [*value[:-1], changed(value[-1], data)]
    if isinstance(value, str) and data.draw(st.booleans()):
        return value + data.draw(st.sampled_from([" ", "\n", "x", "é", "\U0001f600"]))
    return data.draw(VALUES)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_both_validators_agree_on_every_format(name: str) -> None:
    texts = [
        "2026-01-02T03:04:05Z", "2026-01-02T03:04:05", "2026-02-30", "2026-02-28", "03:04:05Z",
        "a@b.c", "a b@c", "https://a.example/ü", "https://a.example/b?c#d", "/a/b", "#", "",
        "127.0.0.1", "::1", "a.example", "-a", "P1D", "PT", "{a}", "{", "[", "^a$", "1/a",
        "123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000",
    ]  # fmt: skip
    for text in [*texts, 5, None]:
        agree({"format": name}, text)


def test_formats_that_are_remarks_are_not_asserted() -> None:
    for name in ("int64", "binary", "byte", "password", "anything"):
        assert explained({"format": name}, "x") == []
        agree({"format": name}, "x")


def test_a_pattern_means_the_same_to_both() -> None:
    for pattern, text in (("^\\d$", "٣"), ("a$", "a\n"), ("^\\w$", "é"), ("^.$", "\U0001f600")):
        agree({"pattern": pattern}, text)
        agree({"patternProperties": {pattern: False}}, {text: 1})
        agree({"properties": {}, "patternProperties": {pattern: {}}}, {text: 1})
