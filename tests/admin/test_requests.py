"""Tests of the journal as the control API filters it and verifies with it."""

import asyncio
from typing import Any

import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio


@pytest.fixture
async def called(panel: Panel) -> Panel:
    """A sandbox in which three calls were made."""
    await panel.toy("POST", "/items", json={"id": "a"})
    await panel.toy("GET", "/items/a", params={"access_key": "hush"})
    await panel.toy("GET", "/items/b")
    return panel


async def test_calls_to_services_are_listed_oldest_first_and_control_calls_are_not(
    called: Panel,
) -> None:
    await called.get("/clock")
    listed = await called.get("/requests")
    assert [item["operation"] for item in listed["items"]] == ["createItem", "getItem", "getItem"]
    assert listed["total"] == 3
    first = listed["items"][0]
    assert first["service"] == "toy"
    assert (first["method"], first["path"], first["status"]) == ("POST", "/toy/v1/items", 201)
    assert first["client"] == "panel/1"
    assert first["request"]["body"] == '{"id":"a"}'


async def test_credentials_are_masked(called: Panel) -> None:
    entry = (await called.get("/requests"))["items"][1]
    assert "hush" not in str(entry)
    assert entry["request"]["headers"]["authorization"] == "Bearer ***"


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ({"service": "toy"}, 3),
        ({"service": "sama"}, 0),
        ({"operation": "getItem"}, 2),
        ({"method": "POST"}, 1),
        ({"path": "/toy/v1/items/a"}, 1),
        ({"path": "/toy/*"}, 3),
        ({"status": 404}, 1),
        ({"client": "panel/*", "status": 200}, 1),
    ],
)
async def test_calls_are_filtered(called: Panel, query: dict[str, Any], total: int) -> None:
    listed = await called.get("/requests", **query)
    assert (len(listed["items"]), listed["total"]) == (total, total)


async def test_pages_go_on_after_the_last_call(called: Panel) -> None:
    first = await called.get("/requests", limit=2)
    second = await called.get("/requests", limit=2, after=first["items"][-1]["id"])
    assert (len(first["items"]), len(second["items"])) == (2, 1)
    assert first["total"] == second["total"] == 3


async def test_bodies_are_left_out_on_request(called: Panel) -> None:
    entry = (await called.get("/requests", bodies="false"))["items"][0]
    assert "request" not in entry
    assert "response" not in entry


async def test_one_call_is_looked_up_and_all_are_forgotten(called: Panel) -> None:
    entry = (await called.get("/requests"))["items"][2]
    assert await called.get(f"/requests/{entry['id']}") == entry
    assert (await called.ask("DELETE", "/requests")).status_code == 204
    assert await called.get("/requests") == {"items": [], "total": 0}
    assert (await called.ask("GET", f"/requests/{entry['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("expectation", "count"),
    [
        ({"match": {"operation": "getItem"}, "exactly": 2}, 2),
        ({"match": {"operation": "getItem"}, "at_least": 1}, 2),
        ({"match": {"operation": "deleteItem"}, "at_most": 0}, 0),
        ({"match": {"operation": "deleteItem"}, "never": True}, 0),
        ({"match": {"body": {"/id": "a"}}}, 1),
        ({"in_order": [{"method": "POST"}, {"status": 404}]}, 2),
    ],
)
async def test_an_expectation_that_holds_is_200(
    called: Panel, expectation: dict[str, Any], count: int
) -> None:
    answer = await called.ask("POST", "/requests/verify", expectation)
    assert (answer.status_code, answer.json()) == (200, {"passed": True, "count": count})


@pytest.mark.parametrize(
    "expectation",
    [
        {"match": {"operation": "getItem"}, "exactly": 1},
        {"match": {"operation": "deleteItem"}},
        {"match": {"operation": "getItem"}, "never": True},
        {"in_order": [{"status": 404}, {"method": "POST"}]},
    ],
)
async def test_an_expectation_that_does_not_hold_is_422_with_the_nearest_calls(
    called: Panel, expectation: dict[str, Any]
) -> None:
    answer = await called.ask("POST", "/requests/verify", expectation)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["passed"] is False
    assert answer.json()["nearest"][0]["service"] == "toy"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"exactly": 1},
        {"match": {"verb": "GET"}},
        {"match": {}, "exactly": 1, "at_most": 2},
        {"match": {}, "exactly": 1, "never": True},
        {"match": {}, "never": False},
        {"match": {}, "in_order": [{}]},
        {"in_order": [{}], "exactly": 1},
        {"in_order": []},
        {"match": {}, "exactly": -1},
        {"match": {}, "wait": 61},
    ],
)
async def test_an_expectation_that_makes_no_sense_is_a_problem(panel: Panel, body: object) -> None:
    answer = await panel.ask("POST", "/requests/verify", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_verification_waits_for_a_call_that_is_still_to_come(called: Panel) -> None:
    expectation = {"match": {"operation": "listItems"}, "wait": 30}
    waiting = asyncio.create_task(called.ask("POST", "/requests/verify", expectation))
    await asyncio.sleep(0)
    await called.toy("GET", "/items")
    assert (await waiting).json() == {"passed": True, "count": 1}


async def test_verification_gives_up_when_its_time_is_over(called: Panel) -> None:
    expectation = {"match": {"operation": "listItems"}, "wait": 0.01}
    assert (await called.ask("POST", "/requests/verify", expectation)).status_code == 422


async def test_verification_looks_again_only_when_something_was_called(
    called: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, looks = called.sandbox.journal, 0
    verify = journal.verify

    def counted(*arguments: Any, **more: Any) -> dict[str, Any]:
        nonlocal looks
        looks += 1
        return verify(*arguments, **more)

    monkeypatch.setattr(journal, "verify", counted)
    expectation = {"match": {"operation": "listItems"}, "exactly": 2, "wait": 30}
    waiting = asyncio.create_task(called.ask("POST", "/requests/verify", expectation))
    await asyncio.sleep(0.05)
    for _ in range(2):
        await called.toy("GET", "/items")
    assert (await waiting).json() == {"passed": True, "count": 2}
    assert looks <= 3


async def test_the_journal_is_had_as_an_archive(called: Panel) -> None:
    log = (await called.get("/requests.har", operation="getItem"))["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "mockserver")
    request, response = log["entries"][0]["request"], log["entries"][0]["response"]
    assert request["url"].startswith("http://127.0.0.1:8080/toy/v1/items/")
    assert {"name": "authorization", "value": "Bearer ***"} in request["headers"]
    assert response["content"]["mimeType"] == "application/json"
    assert response["status"] in (200, 404)
    assert len(log["entries"]) == 2
