"""Tests of how new tasks are checked against their project."""

import json
from typing import Any

import jsonschema
import pytest

from mockserver.data import data_folder
from mockserver.services.sama import inputs, schemas

PROJECTS = json.loads((data_folder("fixtures") / "sama" / "projects.json").read_text())
EVERY_KIND = PROJECTS[1]
GOOD = {"video": "https://assets.example/v.mp4", "frames": 30}


def errors_of(data: Any, **settings: Any) -> list[tuple[Any, str]]:
    task = inputs.read_task(EVERY_KIND, {"data": data, **settings}, {})
    return [(error["type"], error["message"]) for error in task.errors]


def test_data_is_parted_into_inputs_and_default_answers() -> None:
    raw = {"data": {**GOOD, "output_lighting": "night", "extra": 1}, "priority": -3}
    task = inputs.read_task(EVERY_KIND, raw, {})
    assert (task.data, task.default_answers) == ({**GOOD, "extra": 1}, {"lighting": "night"})
    assert (task.priority, task.errors) == (-3, [])


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"frames": 1},
        {**GOOD, "video": 5},
        {**GOOD, "frames": "30"},
        {**GOOD, "frames": 2**31},
        {**GOOD, "frames": 1.5},
        {**GOOD, "frames": True},
        {**GOOD, "recorded_on": "2024-03-12T00:00:00Z"},
        {**GOOD, "recorded_on": "2024-13-12"},
        {**GOOD, "recorded_on": "12.3.2024"},
        {**GOOD, "campaign": ["a"]},
    ],
)
def test_data_that_breaks_the_input_schema_is_refused(data: dict[str, Any]) -> None:
    found = errors_of(data)
    assert found
    assert {type for type, _ in found} == {"InvalidInputSchema"}
    schema = schemas.creation_schema(EVERY_KIND)
    checker = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    assert not checker.is_valid({"data": data})


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        {**GOOD, "frames": -(2**31)},
        {**GOOD, "recorded_on": "2024-02-29", "campaign": "c"},
        {**GOOD, "unheard_of": {"is": "kept"}},
        {**GOOD, "video": "https://user:secret@assets.example/v.mp4"},
        {**GOOD, "output_weather": {"rain": "1"}, "output_place": "urban|road"},
        {**GOOD, "output_signs": '{"layers": {"vector_tagging": []}}'},
        {**GOOD, "output_traffic": [{"shapes": [], "frame_count": 3}], "output_remarks": "x"},
    ],
)
def test_data_that_fits_is_taken(data: dict[str, Any]) -> None:
    assert errors_of(data) == []


def test_every_mistake_is_named() -> None:
    assert errors_of({"frames": "x"}) == [
        ("InvalidInputSchema", "Input 'video' is required."),
        ("InvalidInputSchema", "Input 'frames' must be a 32-bit signed integer."),
    ]


def test_an_unknown_output_is_named_without_its_prefix() -> None:
    assert errors_of({**GOOD, "output_colour": "red"}) == [(400, "Unknown output: colour")]


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("lighting", "noon"),
        ("usable", True),
        ("place", "urban|lake"),
        ("place", "urban|road|left"),
        ("weather", {"rain": 1}),
        ("weather", {"hail": "1"}),
        ("seen_on", "yesterday"),
        ("remarks", 5),
        ("signs", {"shapes": []}),
        ("signs", "not json"),
        ("traffic", {"shapes": []}),
        ("objects", [1]),
    ],
)
def test_a_default_answer_of_the_wrong_shape_is_refused(output: str, value: Any) -> None:
    assert errors_of({**GOOD, f"output_{output}": value}) == [
        (400, f"Invalid default answer for output: {output}")
    ]


def test_a_string_of_more_than_16_megabytes_is_refused() -> None:
    at_most = {**GOOD, "campaign": "x" * (16 * 1024 * 1024)}
    assert errors_of(at_most) == []
    (error,) = errors_of({**GOOD, "campaign": "é" * (8 * 1024 * 1024 + 1)})
    assert "16 MB" in error[1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://assets.example/v.mp4", "must be a URL"),
        ("v.mp4", "must be a URL"),
        ("http://[v.mp4", "must be a URL"),
        ("http://user:secret@assets.example/v.mp4", "must use https"),
    ],
)
def test_an_asset_to_be_copied_must_be_a_fit_url(url: str, words: str) -> None:
    ((_, message),) = errors_of({**GOOD, "video": url})
    assert words in message


@pytest.mark.parametrize(
    "raw", [5, None, [], "x", {}, {"data": None}, {"data": []}, {"url": "https://a.example"}]
)
def test_an_element_of_a_file_that_is_no_task_is_told(raw: Any) -> None:
    (error,) = inputs.read_task(EVERY_KIND, raw, {}).errors
    assert error == {"type": 400, "message": "A task must be an object with data."}


@pytest.mark.parametrize(
    "settings",
    [
        {"priority": 2**31},
        {"priority": "1"},
        {"priority": True},
        {"reserve_for": 0},
        {"reserve_for": "nine"},
        {"submit": "yes"},
        {"duration": -1},
        {"duration": "long"},
    ],
)
def test_a_setting_out_of_range_is_told(settings: dict[str, Any]) -> None:
    ((type, message),) = errors_of(GOOD, **settings)
    assert (type, message.split(":")[0]) == (400, f"Invalid {next(iter(settings))}")


def test_what_the_batch_says_holds_for_tasks_that_say_nothing() -> None:
    defaults = {"priority": 7, "submit": True, "duration": 2.5}
    first = inputs.read_task(EVERY_KIND, {"data": GOOD, "priority": None}, defaults)
    second = inputs.read_task(EVERY_KIND, {"data": GOOD, "priority": 1.0}, defaults)
    assert (first.priority, first.submit, first.duration) == (7, True, 2.5)
    assert (second.priority, type(second.priority)) == (1, int)


def test_a_copied_asset_gets_a_url_of_the_services_own() -> None:
    copied = inputs.with_copied_assets(EVERY_KIND, {**GOOD, "campaign": "c"}, "0" * 24)
    assert copied["video"].endswith(f"/118/{'0' * 24}/v.mp4")
    assert copied["video"] != GOOD["video"]
    assert copied["campaign"] == "c"
