"""Tests of the mapping engine and of paths into JSON."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.errors import ServiceError
from mockserver.services.pipelines import fields, mapping

COLUMNS: list[dict[str, Any]] = [
    {"name": "prompt", "type": "text"},
    {"name": "category", "type": "text"},
    {"name": "meta", "type": "json"},
    {"name": "answer", "type": "text", "json": True},
]
META = {"labels": [{"name": "colour", "odd name": 1}], "n": 5, "none": None}


def target(name: str, kind: str = "short_text", **more: Any) -> fields.Field:
    return fields.complete({"name": name, "type": kind, "data_source": "predefined", **more}, None)


TARGETS = [target("input_text"), target("category"), target("note")]


def mapped(field: fields.Field, value: Any, path: str | None = None) -> Any:
    """What becomes of a value, or the code of the warning."""
    entry = {"target": field["name"], "source": "meta"} | ({"json_path": path} if path else {})
    plan = mapping.required([entry], [field], COLUMNS)
    values, warnings = plan.row({"meta": value})
    return warnings[0]["code"] if warnings else values.get(field["name"])


def test_names_match_exactly_or_by_setting_whatever_their_case() -> None:
    """Fact 6.1."""
    targets = [target("Prompt"), target("category")]
    assert mapping.suggest(targets, COLUMNS) == [{"target": "category", "source": "category"}]
    assert mapping.suggest(targets, COLUMNS, casefold=True) == [
        {"target": "Prompt", "source": "prompt"},
        {"target": "category", "source": "category"},
    ]


def test_entries_come_before_matches_and_may_skip() -> None:
    """Fact 6.3."""
    entries: Any = [{"target": "category", "skip": True}, {"target": "note", "source": "category"}]
    plan = mapping.required(entries, TARGETS, COLUMNS)
    assert [(line.field["name"], line.source) for line in plan.lines] == [("note", "category")]


def test_without_matching_only_what_is_listed_counts() -> None:
    entries = [{"target": "note", "source": "prompt"}]
    plan = mapping.required(entries, TARGETS, COLUMNS, auto_match=False)
    assert [line.field["name"] for line in plan.lines] == ["note"]


def test_one_column_may_feed_several_targets() -> None:
    """Fact 6.2."""
    entries = [{"target": name, "source": "prompt"} for name in ("input_text", "note")]
    values, _ = mapping.required(entries, TARGETS, COLUMNS).row({"prompt": "a", "category": "b"})
    assert values == {"input_text": "a", "note": "a", "category": "b"}


@pytest.mark.parametrize(
    ("entries", "codes"),
    [
        ([{"target": "x", "source": "prompt"}], ["unknown_target"]),
        ([{"target": "note", "source": "x"}], ["unknown_source"]),
        ([{"target": "note", "source": "prompt"}] * 2, ["duplicate_target"]),
        ([{"target": "note", "source": "prompt", "json_path": "$.a"}], ["json_path_on_scalar"]),
        ([{"target": "note", "source": "meta", "json_path": "$["}], ["json_path_invalid"]),
        (
            [{"target": "x", "source": "y"}, {"target": "note", "source": "y"}],
            ["unknown_target", "unknown_source"],
        ),
    ],
)
def test_a_wrong_entry_is_refused(entries: list[dict[str, str]], codes: list[str]) -> None:
    """Fact 6.2."""
    with pytest.raises(ServiceError) as refusal:
        mapping.required(entries, TARGETS, COLUMNS)
    assert refusal.value.code == "mapping_invalid"
    assert [each["code"] for each in refusal.value.details] == codes


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.labels[0].name", "colour"),
        ("labels[0].name", "colour"),
        ('$["labels"][0]["odd name"]', "1"),
        ("$.n", "5"),
        ("$", '{"labels":[{"name":"colour","odd name":1}],"n":5,"none":null}'),
        ("$.labels", '[{"name":"colour","odd name":1}]'),
        ("$.labels[1].name", "json_path_not_found"),
        ("$.none", "json_path_not_found"),
        ("$.n.x", "json_path_not_found"),
        ("$.labels.name", "json_path_not_found"),
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_path_leads_into_json_also_where_it_is_text(path: str, value: Any, as_text: bool) -> None:
    """Facts 6.4 and 6.5."""
    source = orjson.dumps(META).decode() if as_text else META
    assert mapped(target("note"), source, path) == value


@pytest.mark.parametrize("source", ["plain", "{broken", "", None, 5])
def test_a_path_into_what_is_no_json_finds_nothing(source: Any) -> None:
    assert mapped(target("note"), source, "$.a") == "json_path_not_found"


@pytest.mark.parametrize(
    "path",
    ["", "$.", "$..a", "$.*", "$.a[*]", "$.a[0:2]", "$.a[-1]", "$.a[0,1]", "a,b", "a|b", "$.`this`",
     "$[?(@.x)]", "$.a where b", "\x00", "$.ü("],
)  # fmt: skip
def test_other_paths_are_not_taken(path: str) -> None:
    """Fact 6.4: no wildcards, no filters."""
    with pytest.raises(ValueError, match=r"is not|has more"):
        mapping.compiled(path)


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_is_refused(path: str) -> None:
    with suppress(ValueError):
        mapping.reached(META, mapping.compiled(path))


@pytest.mark.parametrize(
    ("field", "value", "result"),
    [
        (target("f"), True, "true"),
        (target("f"), 1.5, "1.5"),
        (target("f"), {"a": 1}, '{"a":1}'),
        (target("f", "numeric"), "2", 2),
        (target("f", "numeric"), "two", "not_coercible"),
        (target("f", "boolean"), "true", True),
        (target("f", "boolean"), 2, "not_coercible"),
        (target("f", "select", options=["1"]), 1, "1"),
        (target("f", "select", options=["1"]), [1], "not_coercible"),
        (target("f", multiple=True), [1, "a"], ["1", "a"]),
        (target("f", multiple=True), '["a"]', ["a"]),
        (target("f", multiple=True), "a", "not_coercible"),
        (target("f", "file_upload"), "a.png", "not_coercible"),
        (target("f", "file_upload"), {"file_id": 3}, {"file_id": 3}),
        (target("f"), None, None),
        (target("f"), "", None),
    ],
)
def test_a_value_is_taken_over_as_its_target_takes_it(
    field: fields.Field, value: Any, result: Any
) -> None:
    """Fact 6.5."""
    assert mapped(field, value) == result
