"""Parameters: texts of a call become values of their types, or violations that say where."""

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.contract import Contract, Operation

Edit = Callable[[dict[str, Any]], Any]
WithParameters = Callable[..., Operation]


@pytest.fixture
def asking(shop_with: Callable[[Edit], Contract]) -> WithParameters:
    """An operation with these parameters alone."""

    def build(*parameters: dict[str, Any], **more: Any) -> Operation:
        def edit(document: dict[str, Any]) -> None:
            document["paths"]["/ask"] = {
                "get": {
                    "operationId": "ask",
                    "parameters": [{"in": "query", **one} for one in parameters],
                    "responses": {"200": {"description": "Fine"}},
                    **more,
                }
            }

        return shop_with(edit).operations["ask"]

    return build


def test_every_type_is_read_from_its_text(shop: Contract) -> None:
    query = (
        "page=2&size=1.50&open=true&state=new&state=done&ids=1,-2,3&filter%5Bmin%5D=3"
        "&since=2026-01-02T03:04:05%2B01:00&unknown=1"
    )
    headers = {"x-version": "3", "cookie": "a=b; lang=de"}
    assert shop.operations["listTasks"].read({}, query, headers) == (
        {
            "page": 2,
            "size": 1.5,
            "open": True,
            "state": ["new", "done"],
            "ids": [1, -2, 3],
            "filter": {"min": 3},
            "since": "2026-01-02T03:04:05+01:00",
            "X-Version": 3,
            "lang": "de",
        },
        [],
    )


def test_what_is_not_given_is_absent_unless_it_has_a_default(shop: Contract) -> None:
    assert shop.operations["listTasks"].read({}, "", {}) == ({"page": 1}, [])


def test_a_default_belongs_to_one_call_only(asking: WithParameters) -> None:
    schema = {"type": "array", "items": {"type": "string"}, "default": ["a"]}
    operation = asking({"name": "x", "schema": schema})
    operation.read({}, "", {})[0]["x"].append("b")
    assert operation.read({}, "", {})[0] == {"x": ["a"]}


@pytest.mark.parametrize(
    ("query", "pointer", "rule", "words"),
    [
        ("page=x", "/query/page", "type", 'must be an integer, not "x"'),
        ("page=", "/query/page", "type", 'must be an integer, not ""'),
        ("page=%D9%A1", "/query/page", "type", "must be an integer"),
        ("page=1_000", "/query/page", "type", "must be an integer"),
        ("page=+1", "/query/page", "type", "must be an integer"),
        ("page=1.0", "/query/page", "type", "must be an integer"),
        ("page=0x10", "/query/page", "type", "must be an integer"),
        ("page=" + "9" * 10_000, "/query/page", "type", "must be an integer"),
        ("page=18446744073709551616", "/query/page", "type", "must be an integer"),
        ("page=0", "/query/page", "minimum", "must be at least 1, not 0"),
        ("size=1e999", "/query/size", "type", "must be a number"),
        ("size=nan", "/query/size", "type", "must be a number"),
        ("size=Infinity", "/query/size", "type", "must be a number"),
        ("open=1", "/query/open", "type", 'must be true or false, not "1"'),
        ("open=", "/query/open", "type", "must be true or false"),
        ("state=new&state=old", "/query/state/1", "enum", 'must be one of "new", "done"'),
        ("ids=1,x", "/query/ids/1", "type", "must be an integer"),
        ("filter[min]=x", "/query/filter/min", "type", "must be an integer"),
        ("filter[max]=1", "/query/filter/max", "additionalProperties", "not a known property"),
        ("since=yesterday", "/query/since", "format", 'must be a date-time, not "yesterday"'),
    ],
)
def test_a_text_of_another_type_is_a_violation_that_says_where(
    shop: Contract, query: str, pointer: str, rule: str, words: str
) -> None:
    values, violations = shop.operations["listTasks"].read({}, query, {})
    assert [(one.side, one.pointer, one.rule) for one in violations] == [("request", pointer, rule)]
    assert words in violations[0].message
    assert len(violations[0].message) < 200
    assert pointer.split("/")[2] not in values


def test_a_header_is_named_in_lower_case_where_it_is_wrong(shop: Contract) -> None:
    _, violations = shop.operations["listTasks"].read({}, "", {"x-version": "one"})
    assert [one.pointer for one in violations] == ["/header/x-version"]


def test_path_parameters_are_read_as_well(shop: Contract) -> None:
    operation, values = shop.match("GET", "/v2/tasks/17.json")
    assert operation.read(values, "", {}) == ({"task_id": 17}, [])
    _, violations = operation.read({"task_id": "x"}, "", {})
    assert [one.pointer for one in violations] == ["/path/task_id"]


def test_of_a_scalar_given_twice_the_last_counts(shop: Contract) -> None:
    assert shop.operations["listTasks"].read({}, "page=3&page=4", {})[0]["page"] == 4


def test_a_plus_is_a_blank_and_a_broken_escape_is_no_crash(asking: WithParameters) -> None:
    operation = asking({"name": "text", "schema": {"type": "string"}})
    assert operation.read({}, "text=a+b%20c%2Bd", {})[0] == {"text": "a b c+d"}
    assert operation.read({}, "text=%FF%zz&&=&text", {})[1] == []


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "007", "007"),
        ({}, "7", "7"),
        ({"type": ["integer", "string"]}, "7", 7),
        ({"type": ["integer", "string"]}, "007", "007"),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": ["integer", "null"]}, "", None),
        ({"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no"]}]}, "yes", "yes"),
        ({"anyOf": [{"type": "boolean"}, {"enum": ["yes", "no"]}]}, "true", True),
        ({"enum": [1, 2]}, "2", 2),
        ({"allOf": [{"type": "integer"}, {"minimum": 1}]}, "2", 2),
        ({"type": "integer", "format": "int64"}, "18446744073709551615", 2**64 - 1),
        ({"type": "number"}, "7", 7),
        ({"type": "number"}, "-7.5e2", -750.0),
    ],
)
def test_the_schema_decides_what_a_text_means(
    asking: WithParameters, schema: dict[str, Any], text: str, value: Any
) -> None:
    values, violations = asking({"name": "x", "schema": schema}).read({}, f"x={text}", {})
    assert violations == []
    assert values == {"x": value}
    assert type(values["x"]) is type(value)


@pytest.mark.parametrize(
    ("style", "query"),
    [("form", "x=1,2"), ("spaceDelimited", "x=1+2"), ("pipeDelimited", "x=1%7C2")],
)
def test_lists_can_be_delimited_by_other_things_than_commas(
    asking: WithParameters, style: str, query: str
) -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    operation = asking({"name": "x", "style": style, "explode": False, "schema": schema})
    assert operation.read({}, query, {})[0] == {"x": [1, 2]}


def test_a_list_in_a_header_is_read_without_its_blanks(asking: WithParameters) -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    operation = asking({"name": "X-Ids", "in": "header", "schema": schema})
    assert operation.read({}, "", {"x-ids": "1, 2"})[0] == {"X-Ids": [1, 2]}


def test_a_parameter_can_be_json(asking: WithParameters) -> None:
    schema = {"type": "object", "required": ["a"]}
    operation = asking({"name": "x", "content": {"application/json": {"schema": schema}}})
    assert operation.read({}, "x=%7B%22a%22:1%7D", {}) == ({"x": {"a": 1}}, [])
    pointers = [operation.read({}, f"x={text}", {})[1][0].pointer for text in ("%7B%7D", "%7B")]
    assert pointers == ["/query/x/a", "/query/x"]


def test_a_required_parameter_that_is_missing_is_named(asking: WithParameters) -> None:
    operation = asking(
        {"name": "x", "required": True, "schema": {"type": "string"}},
        {"name": "Y", "in": "header", "required": True, "schema": {"type": "string"}},
    )
    assert [(one.pointer, one.rule) for one in operation.read({}, "", {})[1]] == [
        ("/query/x", "required"),
        ("/header/y", "required"),
    ]


def test_an_empty_text_counts_as_absent_where_the_contract_allows_it(
    asking: WithParameters,
) -> None:
    parameter = {"name": "x", "allowEmptyValue": True, "schema": {"type": "integer"}}
    assert asking(parameter).read({}, "x=", {}) == ({}, [])


def test_unknown_parameters_are_refused_only_where_the_contract_is_strict(
    asking: WithParameters,
) -> None:
    parameter = {"name": "x", "schema": {"type": "string"}}
    assert asking(parameter).read({}, "x=1&y=2", {}) == ({"x": "1"}, [])
    strict = asking(parameter, **{"x-strict-query": True})
    assert [one.pointer for one in strict.read({}, "x=1&y=2", {})[1]] == ["/query/y"]
    assert asking(**{"x-strict-query": True}).read({}, "y=2", {})[1]


def test_headers_that_http_itself_describes_are_no_parameters(asking: WithParameters) -> None:
    names = ("Authorization", "Accept", "Content-Type")
    operation = asking(*({"name": n, "in": "header", "required": True} for n in names))
    assert operation.read({}, "", {}) == ({}, [])


def test_an_operation_replaces_a_parameter_of_its_path(
    shop_with: Callable[[Edit], Contract],
) -> None:
    def edit(document: dict[str, Any]) -> None:
        own = {"name": "task_id", "in": "path", "required": True, "schema": {"type": "string"}}
        document["paths"]["/tasks/{task_id}.json"]["get"]["parameters"] = [own]

    operations = shop_with(edit).operations
    assert operations["getTask"].read({"task_id": "7"}, "", {})[0] == {"task_id": "7"}
    assert operations["deleteTask"].read({"task_id": "7"}, "", {})[0] == {"task_id": 7}
