"""Page tokens, orders, and lists that stay quick however much is stored."""

import base64
from typing import Any
from urllib.parse import quote

import pytest

from mockserver.services.extend import pages
from tests.services.extend.world import URL, World

pytestmark = pytest.mark.anyio


async def walked(world: World, path: str, **query: Any) -> list[str]:
    ids: list[str] = []
    while True:
        page = await world.ask("GET", path, **query)
        ids += [each["id"] for each in page["data"]]
        if "nextPageToken" not in page:
            return ids
        query["nextPageToken"] = page["nextPageToken"]


async def test_a_token_must_be_encoded_to_come_back(world: World) -> None:
    for _ in range(3):
        await world.run()
    token = (await world.ask("GET", "/workflow_runs", maxPageSize=1))["nextPageToken"]
    seal, body = token.split(":")

    assert (len(seal), seal[-2:], body[-1]) == (24, "==", "=")
    base64.b64decode(seal, validate=True)
    encoded = await world.call("GET", f"/workflow_runs?maxPageSize=1&nextPageToken={quote(token)}")
    assert encoded.status_code == 200


async def test_a_token_of_another_list_is_refused(world: World) -> None:
    for _ in range(2):
        await world.run()
    token = (await world.ask("GET", "/workflow_runs", maxPageSize=1))["nextPageToken"]

    refused = await world.refused("GET", "/files", nextPageToken=token)

    assert refused[:2] == (400, "INVALID_REQUEST")


async def test_a_list_goes_on_after_the_last_item_of_a_page_was_deleted(world: World) -> None:
    ids = []
    for _ in range(4):
        ids.append((await world.run())["id"])
        world.sandbox.clock.forward(world.sandbox.clock.now() + 1)
    order = {"sortBy": "createdAt", "sortDir": "asc"}
    page = await world.ask("GET", "/workflow_runs", maxPageSize=2, **order)
    await world.ask("DELETE", f"/workflow_runs/{ids[1]}")

    rest = await walked(world, "/workflow_runs", nextPageToken=page["nextPageToken"], **order)

    assert rest == ids[2:]


async def test_the_page_size_is_ten_unless_it_is_given(world: World) -> None:
    await world.batch(*[URL] * 12)

    page = await world.ask("GET", "/workflow_runs")

    assert len(page["data"]) == 10
    whole = await world.ask("GET", "/workflow_runs", maxPageSize=1000)
    assert len(whole["data"]) == 12
    assert "nextPageToken" not in whole
    assert whole["object"] == "list"


async def test_parse_runs_take_the_page_size_as_limit_too(world: World) -> None:
    await world.ask("POST", "/parse_runs/batch", {"inputs": [{"file": URL}] * 3})

    assert len((await world.ask("GET", "/parse_runs", limit=2))["data"]) == 2


async def test_runs_are_sorted_by_their_last_change_unless_asked_otherwise(world: World) -> None:
    first = await world.run()
    world.work(10)
    second = await world.run()
    world.work(10)
    await world.ask("POST", f"/workflow_runs/{first['id']}", {"metadata": {"a": 1}})

    assert await walked(world, "/workflow_runs") == [first["id"], second["id"]]
    by_age = await walked(world, "/workflow_runs", sortBy="createdAt")
    assert by_age == [second["id"], first["id"]]
    rising = await walked(world, "/workflow_runs", sortDir="asc")
    assert rising == [second["id"], first["id"]]


async def test_a_search_looks_at_a_bounded_number_and_goes_on_by_token(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LOOKED_AT", 5)
    needle = await world.run(file={**URL, "name": "needle.pdf"})
    world.sandbox.clock.forward(world.sandbox.clock.now() + 1)
    await world.batch(*[URL] * 12)
    world.sandbox.clock.forward(world.sandbox.clock.now() + 1)

    query = {"fileNameContains": "needle", "sortBy": "createdAt"}
    page = await world.ask("GET", "/workflow_runs", **query)

    assert page["data"] == []
    assert "nextPageToken" in page
    assert await walked(world, "/workflow_runs", **query) == [needle["id"]]
