"""Tests of sandboxes through the server: how a call finds its world, and what it is told."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mockserver.app import App
from tests.engine import toy

pytestmark = pytest.mark.anyio


def client_of(app: App, token: str = "t") -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://127.0.0.1:8080",
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = App(toy.world())
    async with app.running(), client_of(app) as made:
        yield made


async def make(client: httpx.AsyncClient, **given: Any) -> dict[str, Any]:
    answer = await client.post("/__admin/sandboxes", json=given)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_sandbox_is_reached_by_prefix_header_query_and_credential(
    client: httpx.AsyncClient,
) -> None:
    made = await make(client, name="one", credentials=["secret"])
    assert made["url"] == "http://127.0.0.1:8080/@one"
    await client.post("/@one/toy/v1/items", json={"id": "mine"})
    ways: list[dict[str, Any]] = [
        {"url": made["url"] + "/toy/v1/items"},
        {"url": "/toy/v1/items", "headers": {"Mockserver-Sandbox": "one"}},
        {"url": "/toy/v1/items", "headers": {"Authorization": "Bearer secret"}},
    ]
    for way in ways:
        assert len((await client.get(**way)).json()) == 2
    assert len((await client.get("/toy/v1/items")).json()) == 1
    counts = (await client.get("/__admin/state", params={"sandbox": "one"})).json()
    assert counts["toy.items"] == 2


async def test_a_prefix_wins_over_header_and_credential(client: httpx.AsyncClient) -> None:
    await make(client, name="one", credentials=["secret"])
    await client.post("/@one/toy/v1/items", json={"id": "mine"})
    headers = {"Mockserver-Sandbox": "one", "Authorization": "Bearer secret"}
    answer = await client.get("/@default/toy/v1/items", headers=headers)
    assert len(answer.json()) == 1


async def test_what_is_given_is_shown_and_credentials_are_not(client: httpx.AsyncClient) -> None:
    clock = {"now": "2030-01-01T00:00:00Z", "rate": 0}
    made = await make(
        client, name="one", seed=4, pace="manual", clock=clock, credentials=["a", "a"]
    )
    assert made == {
        "name": "one",
        "url": "http://127.0.0.1:8080/@one",
        "credentials": 1,
        "seed": 4,
        "pace": "manual",
        "clock": {"now": "2030-01-01T00:00:00.000Z", "rate": 0},
    }
    assert (await client.get("/@one/__admin/sandboxes/one")).json() == made
    listed = (await client.get("/__admin/sandboxes", params={"limit": 1})).json()
    assert ([each["name"] for each in listed["items"]], listed["total"]) == (["default"], 2)
    rest = (await client.get("/__admin/sandboxes", params={"after": "default"})).json()
    assert [each["name"] for each in rest["items"]] == ["one"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "name"),
        ({"name": "Not"}, "name"),
        ({"name": "a", "pace": "slow"}, "pace"),
        ({"name": "a", "clock": "late"}, "clock"),
        ({"name": "a", "clock": {"now": "soon"}}, "clock.now"),
        ({"name": "a", "color": 1}, "color"),
        ({"name": "default"}, "taken"),
    ],
)
async def test_what_makes_no_sandbox_is_refused_and_named(
    client: httpx.AsyncClient, given: dict[str, Any], words: str
) -> None:
    answer = await client.post("/__admin/sandboxes", json=given)
    assert answer.status_code in (400, 422)
    assert words in answer.text
    assert (await client.get("/__admin/sandboxes")).json()["total"] == 1


async def test_a_deleted_sandbox_is_not_found(client: httpx.AsyncClient) -> None:
    await make(client, name="one")
    assert (await client.delete("/__admin/sandboxes/one")).status_code == 204
    assert (await client.get("/@one/toy/v1/items")).status_code == 404
    assert (await client.get("/__admin/sandboxes/one")).status_code == 404


async def test_with_isolation_every_token_has_a_world_of_its_own() -> None:
    app = App(toy.world(isolation="token"))
    async with app.running(), client_of(app, "a") as one, client_of(app, "b") as two:
        await one.post("/toy/v1/items", json={"id": "mine"})
        assert len((await one.get("/toy/v1/items")).json()) == 2
        assert len((await two.get("/toy/v1/items")).json()) == 1


async def test_a_wakened_sandbox_works_while_no_one_calls(client: httpx.AsyncClient) -> None:
    await make(client, name="one", clock=1_000_000)
    await client.post("/@one/toy/v1/items", json={"id": "mine"})
    verdict = await client.post(
        "/@one/__admin/requests/verify", json={"match": {"operation": "createItem"}, "wait": 5}
    )
    assert verdict.json()["passed"]
