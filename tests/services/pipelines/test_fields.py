"""Tests of the twelve field types."""

import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.examples import Examples
from mockserver.services.pipelines import fields

TYPES = [
    "short_text",
    "long_text",
    "code",
    "boolean",
    "numeric",
    "datetime",
    "select",
    "rating",
    "ranking",
    "pairwise",
    "criteria",
]


def field(kind: str, **more: Any) -> fields.Field:
    return fields.complete({"name": "f", "type": kind, **more}, "label")


@pytest.mark.parametrize(
    ("kind", "more", "value"),
    [
        ("short_text", {}, "a"),
        ("code", {}, "print()"),
        ("boolean", {}, False),
        ("numeric", {}, 0),
        ("numeric", {"minimum": 0, "maximum": 1}, 0.5),
        ("datetime", {}, "2026-01-02T03:04:05+01:00"),
        ("select", {"options": ["x"]}, "x"),
        ("rating", {}, 5),
        ("rating", {"maximum": 10}, 10),
        ("ranking", {"options": ["x", "y"]}, ["y", "x"]),
        ("pairwise", {}, "b"),
        ("pairwise", {"options": ["left", "right", "tie"]}, "tie"),
        ("criteria", {}, {"clear": True}),
        ("file_upload", {}, {"file_id": 1}),
        ("select", {"options": ["x", "y"], "multiple": True}, ["x", "y"]),
    ],
)
def test_a_value_of_the_type_is_kept(kind: str, more: dict[str, Any], value: Any) -> None:
    assert fields.fitted(field(kind, **more), value) == value


@pytest.mark.parametrize(
    ("kind", "more", "value"),
    [
        ("short_text", {}, 1),
        ("boolean", {}, "true"),
        ("boolean", {}, 1),
        ("numeric", {}, "1"),
        ("numeric", {}, True),
        ("numeric", {}, math.nan),
        ("numeric", {}, math.inf),
        ("numeric", {"maximum": 1}, 1.5),
        ("datetime", {}, "tomorrow"),
        ("datetime", {}, "9999-99-99"),
        ("datetime", {}, 5),
        ("select", {"options": ["x"]}, "X"),
        ("rating", {}, 0),
        ("rating", {}, 2.5),
        ("rating", {"minimum": 2}, 1),
        ("ranking", {"options": ["x", "y"]}, ["x"]),
        ("ranking", {"options": ["x", "y"]}, ["x", "x"]),
        ("ranking", {}, [1, 2]),
        ("pairwise", {}, "c"),
        ("criteria", {}, ["clear"]),
        ("criteria", {}, {"clear": {"very": True}}),
        ("file_upload", {}, "a.png"),
        ("file_upload", {}, {"file_id": "1"}),
        ("short_text", {"multiple": True}, "x"),
        ("short_text", {"multiple": True}, [1]),
        ("short_text", {"multiple": True, "min_entries": 2}, ["x"]),
        ("short_text", {"multiple": True, "max_entries": 1}, ["x", "y"]),
    ],
)
def test_another_value_is_refused(kind: str, more: dict[str, Any], value: Any) -> None:
    with pytest.raises(fields.Unfit):
        fields.fitted(field(kind, **more), value)


@pytest.mark.parametrize(
    ("kind", "more", "text", "value"),
    [
        ("boolean", {}, "TRUE", True),
        ("boolean", {}, "0", False),
        ("numeric", {}, " 2 ", 2),
        ("numeric", {}, "-.5e1", -5),
        ("numeric", {}, "123456789012345678901234567890", 1.2345678901234568e29),
        ("rating", {}, "4", 4),
        ("ranking", {"options": ["x", "y"]}, '["y", "x"]', ["y", "x"]),
        ("criteria", {}, '{"clear": 1}', {"clear": 1}),
        ("numeric", {"multiple": True}, '["1", 2]', [1, 2]),
    ],
)
def test_a_cell_is_read_as_its_type(kind: str, more: Any, text: str, value: Any) -> None:
    """Fact 4.1."""
    found = fields.fitted(field(kind, **more), text, texts=True)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["", "1e999", "0x1", "\uff11", "1_000", "nan", "infinity", "1,5", "--1"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert fields.number_in(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60))
def test_every_number_survives_a_cell(number: float) -> None:
    assert fields.number_in(repr(number)) == number


@given(st.text(max_size=50), st.sampled_from(TYPES), st.booleans())
def test_any_cell_is_a_value_or_a_refusal(text: str, kind: str, multiple: bool) -> None:
    with suppress(fields.Unfit):
        fields.fitted(field(kind, multiple=multiple), text, texts=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON, st.sampled_from([*TYPES, "file_upload"]), st.booleans())
def test_any_json_is_a_value_or_a_refusal(value: Any, kind: str, multiple: bool) -> None:
    with suppress(fields.Unfit):
        assert fields.fitted(field(kind, multiple=multiple), value) == value


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("multiple", [True, False])
def test_an_invented_answer_fits_its_field(kind: str, multiple: bool) -> None:
    options = ["x", "y"] if kind in ("select", "ranking", "criteria") else None
    own = field(kind, multiple=multiple, **({"options": options} if options else {}))
    for number in range(5):
        value = Examples(7).invent(fields.answer_schema(own), number)
        assert fields.fitted(own, value) == value


def test_all_findings_are_told_at_once() -> None:
    defined = {name: fields.complete({"name": name}, None) for name in ("a", "b", "c")}
    values, problems = fields.checked(defined, {"a": "x", "b": 1, "d": 2, "c": ""})
    assert values == {"a": "x"}
    assert [(each["field"], each["code"]) for each in problems] == [
        ("b", "invalid_value"),
        ("d", "unknown_field"),
        ("c", "missing_field"),
    ]


def test_fields_are_required_unless_they_say_otherwise() -> None:
    """Fact 1.1."""
    assert field("short_text")["required"]
    assert field("short_text")["title"] == "F"
    assert "node_id" not in field("short_text", data_source="predefined")
