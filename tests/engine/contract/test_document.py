"""Documents: YAML read as YAML 1.2, and every fault of a document named with its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.engine.contract import Contract
from mockserver.engine.contract.document import read
from mockserver.engine.errors import ContractError
from tests.engine.contract.shop import SHOP

Edit = Callable[[dict[str, Any]], Any]


def test_yaml_means_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "no: off\nday: 2024-01-02\ntime: 12:30\nversion: 3.1.0\ncode: 010\nhex: 0x1F\n"
        "200: {a: 1, b: -2.5, c: 1e3, d: .5}\nnone: [~, null, '', 'null', \"1\"]\n"
        "true: [true, False]\nempty:\ntext: |\n  two\n  lines\nshared: &it [1]\nagain: *it\n"
    )
    assert read(path) == {
        "no": "off",
        "day": "2024-01-02",
        "time": "12:30",
        "version": "3.1.0",
        "code": 10,
        "hex": "0x1F",
        "200": {"a": 1, "b": -2.5, "c": 1000.0, "d": 0.5},
        "none": [None, None, "", "null", "1"],
        "true": [True, False],
        "empty": None,
        "text": "two\nlines\n",
        "shared": [1],
        "again": [1],
    }


def test_a_contract_is_the_same_from_yaml_and_from_json(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(SHOP))
    (tmp_path / "shop.json").write_text(json.dumps(SHOP))
    from_yaml, from_json = (Contract.load(tmp_path / f"shop.{kind}") for kind in ("yaml", "json"))
    assert from_yaml.document == from_json.document == SHOP
    assert from_yaml.name == "shop"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: 'a': is given twice"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", "merge keys"),
        ("a: [1\n", "cannot be read"),
        ("- a\n", "not an OpenAPI document"),
        ("", "not an OpenAPI document"),
        ("a: &a [*a]\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_document_is_refused_by_name(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ContractError, match=words) as raised:
        read(path)
    assert "broken.yaml" in str(raised.value)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"nowhere\.yaml"):
        read(tmp_path / "nowhere.yaml")


def put(*path: Any, value: Any) -> Edit:
    """An edit that sets one value."""

    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return edit


def dropped(*path: Any) -> Edit:
    """An edit that removes one value."""

    def edit(document: dict[str, Any]) -> None:
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]

    return edit


LIST = ("paths", "/tasks", "get")
TASK = ("components", "schemas", "Task")
ONE = "/tasks/{task_id}.json"
ANSWERS = {"200": {"description": "Fine"}}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (put("openapi", value="3.0.3"), ["3.0.3", "3.1.x"]),
        (put("info", value={}), ["info.title"]),
        (dropped("paths"), ["paths"]),
        (put("components", value=[]), ["components"]),
        (dropped(*LIST, "operationId"), ["GET /tasks", "operationId"]),
        (put(*LIST, "operationId", value="getTask"), ["getTask", "taken"]),
        (put(*LIST, "responses", value={}), ["listTasks", "responses"]),
        (put(*LIST, "responses", "ok", value={"description": "?"}), ["'ok'", "status"]),
        (put(*LIST, "parameters", 0, "$ref", value="#/components/x"), ["listTasks", "nowhere"]),
        (put(*LIST, "parameters", 0, "$ref", value="other.yaml#/x"), ["listTasks", "other.yaml"]),
        (put(*LIST, "parameters", 1, "style", value="matrix"), ["listTasks", "matrix"]),
        (put(*LIST, "parameters", 1, "in", value="body"), ["listTasks", "parameter"]),
        (put(*LIST, "parameters", 1, "name", value="open"), ["'open'", "twice"]),
        (dropped(*LIST, "parameters", 5, "style"), ["listTasks", "deepObject"]),
        (put(*TASK, "properties", "name", "type", value="strnig"), ["/Task/properties", "strnig"]),
        (put(*TASK, "required", value="name"), ["/Task/required", "schema"]),
        (put(*TASK, "properties", "name", "pattern", value="("), ["/Task", "pattern", "'('"]),
        (put(*TASK, "properties", "name", "nullable", value=True), ["/Task", "null"]),
        (put(*LIST, "parameters", 1, "schema", value={"type": 3}), ["listTasks", "schema"]),
        (dropped("paths", ONE, "parameters"), ["getTask", "'task_id'", "not declared"]),
        (put("paths", ONE, "parameters", 0, "name", value="id"), ["getTask", "not declared"]),
        (
            put(*LIST, "parameters", 1, value={"name": "x", "in": "path", "schema": {}}),
            ["listTasks", "'x'", "not in /tasks"],
        ),
        (
            put("paths", "/a/{b}/{b}", value={"get": {"operationId": "x", "responses": ANSWERS}}),
            ["(x)", "twice"],
        ),
        (
            put("paths", "tasks", value={"get": {"operationId": "x", "responses": ANSWERS}}),
            ["'tasks' is not a path"],
        ),
        (
            put("paths", "/tasks/", value={"get": {"operationId": "x", "responses": ANSWERS}}),
            ["(x)", "same calls"],
        ),
        (put(*LIST, "parameters", value={"page": 1}), ["not laid out"]),
        (put("webhooks", "task.done", value={}), ["task.done", "no operation"]),
        (
            put("components", "schemas", "A", value={"$ref": "#/components/schemas/None"}),
            ["/components/schemas/A", "nowhere"],
        ),
    ],
)
def test_a_fault_of_the_document_is_named_with_its_file_and_place(
    shop_with: Callable[[Edit], Contract], edit: Edit, words: list[str]
) -> None:
    with pytest.raises(ContractError) as raised:
        shop_with(edit)
    assert str(raised.value).startswith("shop.yaml: ")
    for word in words:
        assert word in str(raised.value)


def test_a_reference_that_leads_back_to_itself_is_refused(
    shop_with: Callable[[Edit], Contract],
) -> None:
    circle = {"$ref": "#/components/responses/Problem"}
    with pytest.raises(ContractError, match="itself"):
        shop_with(put("components", "responses", "Problem", value=circle))


def test_a_reference_within_an_example_is_no_reference(
    shop_with: Callable[[Edit], Contract],
) -> None:
    example = {"$ref": "#/nowhere", "nullable": True, "pattern": "("}
    assert shop_with(put(*TASK, "example", value=example)).operations
