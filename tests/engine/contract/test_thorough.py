"""The thorough validator: never another verdict than that of the fast one."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.engine.contract.schemas import FORMATS
from mockserver.engine.contract.thorough import Thorough
from mockserver.engine.examples import Examples
from mockserver.engine.invention import Uninventable
from tests.engine import schemas


def accepts(schema: Any, value: Any) -> bool:
    """The verdict of the thorough validator."""
    return not list(Thorough("urn:test", {}).validator(schema).iter_errors(value))


def agree(schema: Any, value: Any) -> None:
    """Assert that both validators give the same verdict."""
    fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value)
    assert fast == accepts(schema, value), (schema, value)


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
        assert accepts({"format": name}, "x")
        agree({"format": name}, "x")


def test_a_multiple_is_reckoned_in_decimals() -> None:
    for value in (19.99, 0.07, 1.1, 0.3, 1e10, 0.001):
        agree({"multipleOf": 0.01}, value)
    assert accepts({"multipleOf": 0.01}, 19.99)


def test_a_pattern_means_the_same_to_both() -> None:
    for pattern, text in (("^\\d$", "٣"), ("a$", "a\n"), ("^\\w$", "é"), ("^.$", "\U0001f600")):
        agree({"pattern": pattern}, text)
        agree({"patternProperties": {pattern: False}}, {text: 1})
        agree({"properties": {}, "patternProperties": {pattern: {}}}, {text: 1})


def test_in_a_long_list_the_wrong_items_are_found() -> None:
    leaf = {"type": "object", "properties": {"a": {"type": "integer"}, "b": False}}
    root = {
        "components": {"schemas": {"Leaf": leaf}},
        "inline": {"prefixItems": [{"const": 1}], "items": leaf},
        "shared": {
            "prefixItems": [{"const": 1}],
            "items": {"$ref": "#/components/schemas/Leaf"},
        },
    }
    thorough = Thorough("urn:test", root)
    value = [1, *({"a": number} for number in range(1000)), {"a": "x"}, {"b": 1}]
    for name in ("inline", "shared"):
        errors = thorough.validator({"$ref": f"urn:test#/{name}"}).iter_errors(value)
        assert [list(error.absolute_path) for error in errors] == [[1001, "a"], [1002, "b"]]
    agree({"items": {"type": "integer"}}, [*range(50), 1.5])
    agree({"items": False}, [*range(50)])
