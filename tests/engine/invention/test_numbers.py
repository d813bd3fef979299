"""Numbers: within their bounds, and in the range that their name suggests."""

from typing import Any

import jsonschema_rs
import pytest

from mockserver.engine.examples import Examples
from mockserver.engine.invention.numbers import integer, number


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": 5},
        {"maximum": -5},
        {"minimum": 7, "maximum": 7},
        {"exclusiveMinimum": 7, "exclusiveMaximum": 9},
        {"minimum": 7, "exclusiveMinimum": 7},
        {"minimum": 10**15},
        {"multipleOf": 7},
        {"multipleOf": 0.25},
        {"multipleOf": 1.5, "minimum": 1, "maximum": 4},
        {"multipleOf": 5000},
        {"multipleOf": 5000, "maximum": -1},
        {"minimum": -0.5, "maximum": 0.5},
    ],
)
def test_numbers_keep_to_their_bounds(schema: dict[str, Any]) -> None:
    for kind, make in (("integer", integer), ("number", number)):
        accepts = jsonschema_rs.Draft202012Validator({"type": kind, **schema}).is_valid
        for key in range(30):
            assert accepts(make(schema, (), Examples(0).faker(key)))


@pytest.mark.parametrize(
    "schema",
    [
        {"multipleOf": 0.01, "minimum": 0, "maximum": 1},
        {"multipleOf": 0.1},
        {"exclusiveMinimum": 0, "maximum": 0.001},
        {"minimum": 0.1234567, "maximum": 0.1234568},
        {"minimum": 1.5, "maximum": 1.5},
        {"exclusiveMinimum": 0, "exclusiveMaximum": 0.01},
    ],
)
def test_fractions_keep_to_their_bounds(schema: dict[str, Any]) -> None:
    accepts = jsonschema_rs.Draft202012Validator({"type": "number", **schema}).is_valid
    for key in range(30):
        assert accepts(number(schema, (), Examples(0).faker(key)))


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": 1.2, "maximum": 1.8},
        {"exclusiveMinimum": 1, "exclusiveMaximum": 2},
        {"multipleOf": 10, "minimum": 11, "maximum": 19},
        {"minimum": 2, "maximum": 1},
    ],
)
def test_bounds_without_a_whole_number_between_them_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        integer(schema, (), Examples(0).faker())


def test_the_name_suggests_the_range() -> None:
    for key in range(30):
        assert 18 <= integer({}, ("person", "age"), Examples(0).faker(key)) <= 80
        assert -60 <= number({}, ("latitude",), Examples(0).faker(key)) <= 70
        assert 0.5 <= number({}, ("ocrConfidence",), Examples(0).faker(key)) <= 1
        assert 50 <= integer({"minimum": 50}, ("rating",), Examples(0).faker(key)) <= 60
