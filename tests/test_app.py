"""Tests of how calls find their sandbox and their service, and of start and stop."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.app import App
from tests.engine import toy

pytestmark = pytest.mark.anyio

TOKEN = {"Authorization": "Bearer t"}


def client_of(app: App) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080", headers=TOKEN
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = App(toy.world())
    async with app.running(), client_of(app) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/toy/v1/items", {}),
        ("/toy/v1/items/", {}),
        ("/@default/toy/v1/items", {}),
        ("/toy/v1/items", {"Mockserver-Sandbox": "default"}),
        ("/v1/items", {"Host": "toy.example"}),
        ("/v1/items", {"Host": "TOY.example:443"}),
        ("/@default/v1/items", {"Host": "toy.example"}),
    ],
)
async def test_a_call_finds_its_service_by_path_and_by_host(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await client.get(path, headers=headers)
    assert [item["id"] for item in answer.json()] == ["seeded"]


@pytest.mark.parametrize(
    ("path", "headers", "words"),
    [
        ("/nowhere", {}, "/toy"),
        ("/@other/toy/v1/items", {}, "no sandbox 'other'"),
        ("/toy/v1/items", {"Mockserver-Sandbox": "other"}, "no sandbox 'other'"),
        ("/__docs/none.json", {}, "no contract 'none'"),
    ],
)
async def test_what_is_not_there_is_told_as_a_problem(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], words: str
) -> None:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


async def test_the_root_tells_where_to_go(client: httpx.AsyncClient) -> None:
    assert "/toy" in (await client.get("/")).json()["paths"]


async def test_the_contract_is_served_as_a_document(client: httpx.AsyncClient) -> None:
    answer = await client.get("/__docs/toy.json")
    assert answer.json()["info"]["title"] == "Toy"


async def test_the_control_api_and_a_services_controls_are_reached(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.get("/__admin/health")).json()["services"] == ["toy"]
    done = await client.post("/__admin/services/toy/items/seeded/finish")
    assert done.json() == {"id": "seeded", "state": "done"}
    answer = await client.post("/__admin/services/toy/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_controls_are_not_in_the_journal(client: httpx.AsyncClient) -> None:
    await client.post("/__admin/services/toy/items/seeded/finish")
    await client.get("/toy/v1/items")
    listed = (await client.get("/__admin/requests")).json()
    assert [entry["operation"] for entry in listed["items"]] == ["listItems"]


async def test_the_inbox_takes_what_is_sent_to_it(client: httpx.AsyncClient) -> None:
    await client.post("/__inbox/mine", json={"a": 1})
    messages = (await client.get("/__admin/inbox/mine/messages")).json()
    assert [message["json"] for message in messages["items"]] == [{"a": 1}]


async def test_the_state_outlives_a_stop_when_it_has_a_folder(tmp_path: Path) -> None:
    for expected in (201, 409):
        app = App(toy.world(data_dir=str(tmp_path)))
        async with app.running(), client_of(app) as client:
            answer = await client.post("/toy/v1/items", json={"id": "a"})
            assert answer.status_code == expected


async def test_a_temporary_folder_is_gone_after_the_stop() -> None:
    app = App(toy.world())
    async with app.running():
        folder = app.sandboxes["default"].folder
        assert folder.is_dir()
    assert not folder.exists()


async def lifespan(app: App) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    return sent


async def test_start_and_stop_are_told_to_the_server() -> None:
    sent = await lifespan(App(toy.world()))
    assert [one["type"] for one in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_a_folder_that_cannot_be_used_stops_the_start_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sent = await lifespan(App(toy.world(data_dir=str(tmp_path / "file" / "below"))))
    assert sent[0]["type"] == "lifespan.startup.failed"
    assert "data folder" in sent[0]["message"]


@pytest.mark.parametrize("host", ["[", "[::1", "h:x", "h:99999"])
async def test_a_host_that_is_none_is_refused(client: httpx.AsyncClient, host: str) -> None:
    for path in ("/toy/v1/items", "/__admin/health", "/__inbox/x"):
        answer = await client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert host in answer.json()["detail"]
