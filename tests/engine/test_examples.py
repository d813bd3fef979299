"""Examples: seeded by a key, valid against their schema, the contract's own where it has any."""

import subprocess
import sys
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings

from mockserver.engine.contract import Contract
from mockserver.engine.examples import Examples
from mockserver.engine.invention import Uninventable
from tests.engine import schemas

PERSON: dict[str, Any] = {
    "type": "object",
    "required": ["name", "email", "city", "created_at", "homepage_url", "price"],
    "properties": {
        "name": {"type": "string"},
        "email": {"type": "string"},
        "city": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "homepage_url": {"type": "string"},
        "price": {"type": "number"},
    },
}
MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def examples() -> Examples:
    """Examples with seed 0."""
    return Examples(0)


def contract(responses: dict[str, Any]) -> Contract:
    """A contract with one operation, `ask`, and the components that its answers use."""
    return Contract(
        {
            "openapi": "3.1.0",
            "info": {"title": "Asking", "version": "1"},
            "paths": {"/": {"get": {"operationId": "ask", "responses": responses}}},
            "components": {"schemas": {"Person": PERSON}},
        }
    )


def json_answer(**media: Any) -> dict[str, Any]:
    """A response with a JSON body."""
    return {"description": "An answer", "content": {"application/json": media}}


def valid(schema: Any, value: Any) -> bool:
    """Whether the value is valid, formats included."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value)


def test_the_same_seed_and_key_give_the_same_value_whatever_was_drawn_before(
    examples: Examples,
) -> None:
    first = examples.invent(PERSON, "task", 1)
    examples.invent(PERSON, "task", 2)
    examples.faker("task", 1).name()
    assert examples.invent(PERSON, "task", 1) == first == Examples(0).invent(PERSON, "task", 1)


def test_another_key_or_another_seed_gives_another_value(examples: Examples) -> None:
    values = [
        examples.invent(PERSON, "task", 1),
        examples.invent(PERSON, "task", 2),
        examples.invent(PERSON, "task1"),
        Examples(1).invent(PERSON, "task", 1),
    ]
    assert len({str(value) for value in values}) == 4


def test_what_a_key_gives_does_not_depend_on_the_process() -> None:
    program = (
        "from mockserver.engine.examples import Examples\n"
        "print(Examples(0).invent({'type': 'string', 'format': 'uuid'}, 'a', b'b', 3))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_names_of_properties_are_taken_at_their_word(examples: Examples) -> None:
    person = examples.invent(PERSON, "person")
    assert " " in person["name"]
    assert person["email"].endswith("@example.com")
    assert person["homepage_url"].startswith("https://")
    assert person["created_at"].startswith("2025-")
    assert 1 <= person["price"] <= 500


@MANY
@given(schemas.SATISFIABLE)
def test_whatever_can_be_satisfied_is(examples: Examples, schema: Any) -> None:
    assert valid(schema, examples.invent(schema, "key"))


@MANY
@given(schemas.ANY)
def test_what_is_invented_is_valid_and_the_rest_is_refused(examples: Examples, schema: Any) -> None:
    try:
        value = examples.invent(schema, "key")
    except Uninventable:
        return
    assert valid(schema, value)


def test_a_null_that_is_allowed_turns_up_now_and_then(examples: Examples) -> None:
    schema = {"type": ["string", "null"]}
    values = [examples.invent(schema, "maybe", number) for number in range(100)]
    assert 2 <= values.count(None) <= 50


def test_references_lead_into_the_components(examples: Examples) -> None:
    components = {"schemas": {"Person": PERSON}}
    people = examples.invent(
        {"type": "array", "minItems": 2, "items": {"$ref": "#/components/schemas/Person"}},
        "people",
        components=components,
    )
    assert all(valid(PERSON, person) for person in people)


def test_a_schema_that_contains_itself_comes_to_an_end(examples: Examples) -> None:
    tree = {
        "$defs": {
            "tree": {
                "type": "object",
                "required": ["left", "right"],
                "properties": {
                    "left": {"oneOf": [{"$ref": "#/$defs/tree"}, {"type": "integer"}]},
                    "right": {"oneOf": [{"$ref": "#/$defs/tree"}, {"type": "integer"}]},
                    "more": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                },
            }
        },
        "$ref": "#/$defs/tree",
    }
    for number in range(10):
        assert valid(tree, examples.invent(tree, "tree", number))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "pattern": "^(?=a)b$"}, "looks around"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "no number"),
        ({"type": "string", "minLength": 5, "maxLength": 4}, "at least 5"),
        ({"$ref": "#/components/schemas/Nobody"}, "Nobody"),
        (False, "nothing"),
        ({"type": "array", "items": {"const": 1}, "uniqueItems": True, "minItems": 2}, "items"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "without end"),
    ],
)
def test_what_cannot_be_invented_is_refused_in_words(
    examples: Examples, schema: Any, words: str
) -> None:
    with pytest.raises(Uninventable, match=words):
        examples.invent(schema, "key")


def test_an_optional_property_that_cannot_be_invented_is_left_out(examples: Examples) -> None:
    schema = {
        "type": "object",
        "required": ["good"],
        "properties": {"good": {"const": 1}, "bad": {"type": "string", "pattern": "(?!x)y"}},
    }
    assert examples.invent(schema, "key") == {"good": 1}


def test_an_answer_is_the_example_of_the_contract(examples: Examples) -> None:
    responses = {"201": json_answer(example={"id": 7}), "400": json_answer(example={"no": 1})}
    operation = contract(responses).operations["ask"]
    status, body = examples.answer(operation, "/")
    assert (status, body) == (201, {"id": 7})
    body["id"] = 8
    assert examples.answer(operation, "/") == (201, {"id": 7})


def test_an_answer_without_example_is_invented_from_its_schema(examples: Examples) -> None:
    responses = {"2XX": json_answer(schema={"$ref": "#/components/schemas/Person"})}
    operation = contract(responses).operations["ask"]
    status, body = examples.answer(operation, "/", b"call")
    assert operation.response_violations(status, {}, body) == []
    assert examples.answer(operation, "/", b"call") == (status, body)
    assert examples.answer(operation, "/", b"other call") != (status, body)


def test_an_answer_without_a_body_has_none(examples: Examples) -> None:
    operation = contract({"204": {"description": "Done"}}).operations["ask"]
    assert examples.answer(operation) == (204, None)


def test_an_operation_that_only_fails_has_no_answer(examples: Examples) -> None:
    operation = contract({"500": {"description": "Broken"}}).operations["ask"]
    with pytest.raises(Uninventable, match="ask"):
        examples.answer(operation)


def test_importing_examples_does_not_load_faker() -> None:
    program = "import sys, mockserver.engine.examples; sys.exit('faker' in sys.modules)"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=environment).returncode == 0
