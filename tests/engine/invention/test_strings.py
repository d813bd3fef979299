"""Texts: of their format, after their pattern, in their length."""

from typing import Any

import jsonschema_rs
import pytest

from mockserver.engine.contract.schemas import FORMATS
from mockserver.engine.examples import Examples
from mockserver.engine.invention.strings import string


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_can_be_written(name: str) -> None:
    schema = {"type": "string", "format": name}
    accepts = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid
    for key in range(20):
        assert accepts(string(schema, (), Examples(0).faker(key)))


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": 3, "maxLength": 3},
        {"minLength": 500},
        {"maxLength": 0},
        {"maxLength": 12},
        {"minLength": 10, "maxLength": 10, "format": "date"},
        {"pattern": "^[a-z]*$", "minLength": 4, "maxLength": 6},
        {"pattern": "^.*$", "format": "email"},
    ],
)
@pytest.mark.parametrize("name", ["x", "description", "company"])
def test_texts_have_their_length(schema: dict[str, Any], name: str) -> None:
    schema = {"type": "string", **schema}
    accepts = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid
    for key in range(20):
        assert accepts(string(schema, (name,), Examples(0).faker(key)))


@pytest.mark.parametrize(
    "schema",
    [
        {"minLength": 3, "maxLength": 2},
        {"minLength": 10**9},
        {"format": "uuid", "maxLength": 5},
        {"pattern": "^a$", "minLength": 2},
        {"pattern": "^a$", "format": "email"},
    ],
)
def test_what_no_text_satisfies_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="text"):
        string(schema, (), Examples(0).faker())


def test_the_examples_of_a_schema_are_taken_up() -> None:
    assert string({"examples": ["one", 2]}, ("name",), Examples(0).faker()) == "one"
    assert string({"example": "one"}, ("name",), Examples(0).faker()) == "one"
