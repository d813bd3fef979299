"""Tests of the conditions that say which calls are meant."""

from typing import Any

import pytest

from mockserver.engine.errors import BadRequest
from mockserver.engine.journal import Entry
from mockserver.engine.where import Where, resolve


@pytest.fixture
def entry() -> Entry:
    made = Entry(
        "sama",
        "POST",
        "/sama/v2/projects/117/batches.json",
        "access_key=k&page=2",
        [(b"user-agent", b"python-requests/2"), (b"x-a", b"b")],
    )
    made.operation, made.status = "createBatch", 202
    made.request_body = b'{"tasks":[{"data":{"a/b":1}}],"flag":true}'
    return made


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"service": "sama", "operation": "createBatch", "method": "POST", "status": 202},
        {"status": "202"},
        {"path": "/sama/*/batches.json"},
        {"client": "python-requests/*"},
        {"headers": {"X-A": "b"}, "query": {"page": "2"}},
        {"body": {"/tasks/0/data/a~1b": 1, "/flag": True}},
    ],
)
def test_a_call_matches_when_every_condition_holds(entry: Entry, given: dict[str, Any]) -> None:
    assert Where.read(given).matches(entry)


@pytest.mark.parametrize(
    ("given", "difference"),
    [
        ({"method": "GET"}, 'method: expected "GET", was "POST"'),
        ({"status": 500}, "status: expected 500, was 202"),
        ({"headers": {"x-b": "1"}}, 'header x-b: expected "1", was nothing'),
        ({"query": {"page": "3"}}, 'query page: expected "3", was "2"'),
        ({"body": {"/flag": 1}}, "body /flag: expected 1, was true"),
        ({"body": {"/tasks/7": None}}, "body /tasks/7: expected nothing, was nothing"),
        ({"path": "/toloka/*"}, 'path: expected "/toloka/*", was "/sama/v2/projects/117'),
    ],
)
def test_a_difference_is_told_in_words(
    entry: Entry, given: dict[str, Any], difference: str
) -> None:
    where = Where.read(given)
    assert not where.matches(entry)
    assert where.differences(entry)[0].startswith(difference)


@pytest.mark.parametrize(
    ("given", "words"),
    [({"verb": "GET"}, "'verb' is no condition"), ({"headers": "x"}, "takes an object"),
     ({"status": "many"}, "takes a number")],
)  # fmt: skip
def test_conditions_that_cannot_be_meant_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        Where.read(given)


def test_a_pointer_finds_values_and_nothing_where_there_is_none() -> None:
    assert resolve({"a": [{"b~": 1}]}, "/a/0/b~0") == 1
    assert resolve({"a": 1}, "") == {"a": 1}
    assert resolve({"a": [1]}, "/a/9") != 1
