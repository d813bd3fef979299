"""Tests of input and output specifications."""

from typing import Any

import pytest

from mockserver.services.toloka.errors import Fields
from mockserver.services.toloka.specs import Spec


def check(spec: dict[str, Any], value: Any) -> Any:
    """What is wrong with a value of the field `f`, as codes by path; of one, its code alone."""
    found: Fields = {}
    Spec({"f": spec}).check({"f": value}, "v", found)
    codes = {path.removeprefix("v.f").lstrip("."): one["code"] for path, one in found.items()}
    return codes.get("", codes or None)


CASES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"type": "string"}, "x", None),
    ({"type": "string"}, "", None),
    ({"type": "string"}, None, "VALUE_REQUIRED"),
    ({"type": "string", "required": False}, None, None),
    ({"type": "string", "required": "false"}, None, None),
    ({"type": "string"}, 5, "STRING_EXPECTED"),
    ({"type": "string"}, {}, "SIMPLE_VALUE_EXPECTED"),
    ({"type": "string"}, ["x"], "SIMPLE_VALUE_EXPECTED"),
    ({"type": "string", "min_length": 2}, "x", "STRING_LENGTH_LESS_THAN_MIN"),
    ({"type": "string", "max_length": 2}, "xyz", "STRING_LENGTH_GREATER_THAN_MAX"),
    ({"type": "string", "pattern": "^a+$"}, "aab", "PATTERN_MISMATCH"),
    ({"type": "string", "pattern": "^a+$"}, "aaa", None),
    ({"type": "string", "allowed_values": ["a", "b"]}, "b", None),
    ({"type": "string", "allowed_values": ["a", "b"]}, "c", "VALUE_NOT_ALLOWED"),
    ({"type": "integer"}, 5, None),
    ({"type": "integer"}, 5.0, None),
    ({"type": "integer"}, 5.5, "INTEGER_EXPECTED"),
    ({"type": "integer"}, "5", "INTEGER_EXPECTED"),
    ({"type": "integer"}, True, "INTEGER_EXPECTED"),
    ({"type": "integer", "min_value": 3}, 2, "VALUE_LESS_THAN_MIN"),
    ({"type": "integer", "max_value": 3}, 4, "VALUE_GREATER_THAN_MAX"),
    ({"type": "integer", "allowed_values": [1, 2]}, 3, "VALUE_NOT_ALLOWED"),
    ({"type": "float"}, 5, None),
    ({"type": "float"}, 0.5, None),
    ({"type": "float"}, "0.5", "FLOAT_EXPECTED"),
    ({"type": "float"}, False, "FLOAT_EXPECTED"),
    ({"type": "float", "max_value": 1}, 1.5, "VALUE_GREATER_THAN_MAX"),
    ({"type": "boolean"}, True, None),
    ({"type": "boolean"}, 1, "BOOLEAN_EXPECTED"),
    ({"type": "boolean", "allowed_values": [True]}, False, "VALUE_NOT_ALLOWED"),
    ({"type": "url"}, "https://x.y", None),
    ({"type": "url"}, "HTTP://x.y", None),
    ({"type": "url"}, "www.x.y", None),
    ({"type": "url"}, "x.y", "INVALID_URL_SYNTAX"),
    ({"type": "url"}, 5, "STRING_EXPECTED"),
    ({"type": "file"}, "69a4", None),
    ({"type": "file"}, {}, "SIMPLE_VALUE_EXPECTED"),
    ({"type": "coordinates"}, "52.5, 13.4", None),
    ({"type": "coordinates"}, "52.5", "INVALID_COORDINATES_SYNTAX"),
    ({"type": "coordinates"}, "91,0", "VALUE_OUT_OF_BOUNDS"),
    ({"type": "json"}, {"a": 1}, None),
    ({"type": "json"}, [1], None),
    ({"type": "json"}, "text", "JSON_EXPECTED"),
    ({"type": "array_string"}, ["a"], None),
    ({"type": "array_string"}, "a", "ARRAY_EXPECTED"),
    ({"type": "array_string"}, ["a", 5], {"1": "STRING_EXPECTED"}),
    ({"type": "array_integer"}, [1, None], {"1": "VALUE_REQUIRED"}),
    ({"type": "array_url", "min_size": 2}, ["www.x"], "ARRAY_SIZE_LESS_THAN_MIN"),
    ({"type": "array_boolean", "max_size": 1}, [True, False], "ARRAY_SIZE_GREATER_THAN_MAX"),
    ({"type": "array_float", "max_value": 1}, [0.5, 2], {"1": "VALUE_GREATER_THAN_MAX"}),
    ({"type": "array_json"}, [{}, 5], {"1": "JSON_EXPECTED"}),
    ({"type": "array_string", "allowed_values": ["a"]}, ["a", "b"], {"1": "VALUE_NOT_ALLOWED"}),
]


@pytest.mark.parametrize(("spec", "value", "expected"), CASES)
def test_a_value_is_checked_by_its_fields_specification(
    spec: dict[str, Any], value: Any, expected: Any
) -> None:
    assert check(spec, value) == expected


def test_a_missing_field_and_an_unknown_one_are_told_together() -> None:
    found: Fields = {}
    Spec({"a": {"type": "string"}}).check({"b": 1}, "input_values", found)
    assert found == {
        "input_values.a": {
            "code": "VALUE_REQUIRED",
            "message": "Value must be present and not equal to null",
        },
        "input_values.b": {"code": "VALUE_NOT_ALLOWED", "message": "Unknown field name"},
    }


def test_a_limit_comes_along_as_a_parameter() -> None:
    found: Fields = {}
    Spec({"a": {"type": "float", "min_value": 0.01}}).check({"a": 0}, "v", found)
    assert found["v.a"] == {
        "code": "VALUE_LESS_THAN_MIN",
        "message": "Value must be greater or equal to 0.01",
        "params": [0.01],
    }


def test_an_unknown_field_beside_an_absent_optional_one_is_still_seen() -> None:
    found: Fields = {}
    spec = Spec({"a": {"type": "string", "required": False}, "b": {"type": "string"}})
    spec.check({"b": "x", "c": None}, "v", found)
    assert list(found) == ["v.c"]
