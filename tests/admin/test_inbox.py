"""Tests of the built-in receiver as the control API shows and directs it."""

from typing import Any

import httpx
import pytest

from tests.admin.conftest import Panel

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:8080/__inbox/hooks"


async def send(panel: Panel, text: str = "{}") -> httpx.Response:
    """A webhook arrives."""
    return await panel.client.post(f"{URL}/deep?x=1", content=text)


async def test_what_came_in_is_listed_as_it_came(panel: Panel) -> None:
    await send(panel, '{"a": 1}')
    await send(panel, "not json")
    listed = await panel.get("/inbox/hooks/messages")
    assert listed["total"] == 2
    first, second = listed["items"]
    assert (first["method"], first["query"]) == ("POST", "x=1")
    assert (first["body"], first["json"]) == ('{"a": 1}', {"a": 1})
    assert (second["body"], second["json"]) == ("not json", None)
    assert first["received_at"] == "2026-01-01T00:00:00.000Z"
    assert first["headers"]["user-agent"] == "panel/1"


async def test_pages_go_on_after_the_last_message(panel: Panel) -> None:
    for _ in range(3):
        await send(panel)
    first = await panel.get("/inbox/hooks/messages", limit=2)
    rest = await panel.get("/inbox/hooks/messages", after=first["items"][-1]["id"])
    assert (len(first["items"]), len(rest["items"])) == (2, 1)
    assert first["total"] == rest["total"] == 3


async def test_an_inbox_answers_as_it_was_told(panel: Panel) -> None:
    told = {"status": 503, "body": {"error": "later"}, "headers": {"Retry-After": "1"}}
    answer = await panel.ask("PUT", "/inbox/hooks", told)
    assert answer.json() == {
        "name": "hooks",
        "url": URL,
        "messages": 0,
        "answer": {**told, "seconds": 0},
    }
    reply = await send(panel)
    assert (reply.status_code, reply.json()) == (503, {"error": "later"})
    assert reply.headers["retry-after"] == "1"
    assert (await panel.get("/inbox/hooks"))["messages"] == 1


async def test_a_cleared_inbox_is_a_new_one(panel: Panel) -> None:
    await panel.ask("PUT", "/inbox/hooks", {"status": 500})
    await send(panel)
    assert [item["name"] for item in (await panel.get("/inbox"))["items"]] == ["hooks"]
    assert (await panel.ask("DELETE", "/inbox/hooks")).status_code == 204
    assert (await panel.get("/inbox"))["total"] == 0
    assert (await panel.get("/inbox/hooks/messages"))["total"] == 0
    assert (await send(panel)).status_code == 200


@pytest.mark.parametrize(
    "told",
    [{"status": 99}, {"status": "500"}, {"seconds": -1}, {"headers": {"a": 1}}, {"code": 500}, []],
)
async def test_an_answer_that_cannot_be_given_is_refused(panel: Panel, told: Any) -> None:
    assert (await panel.ask("PUT", "/inbox/hooks", told)).status_code == 422
    assert (await send(panel)).status_code == 200


async def test_a_name_that_no_inbox_can_have_is_not_found(panel: Panel) -> None:
    assert (await panel.ask("GET", "/inbox/a%20b")).status_code == 404
    assert (await panel.ask("GET", "/inbox/a%20b/messages")).status_code == 404
