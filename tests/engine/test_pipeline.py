"""Tests of one call from start to end: what is checked, in which order, and what is undone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from mockserver.engine.pipeline import Pipeline
from mockserver.engine.request import Headers
from mockserver.engine.sandbox import Sandbox
from tests.engine import toy

pytestmark = pytest.mark.anyio


class Running:
    """A pipeline over the toy service, called in process."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        world = toy.world(**settings)
        self.sandbox = Sandbox("default", world, folder)
        contract = world.contracts["toy"]
        self.pipeline = Pipeline(
            toy.service, contract.match, strict=world.settings.strict, max_body=1_000
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self),
            base_url="http://toy",
            headers={"Authorization": "Bearer t"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["mockserver.sandbox"] = self.sandbox
        scope["mockserver.headers"] = Headers(scope["headers"])
        scope["mockserver.base_url"] = "http://toy"
        scope["mockserver.path"] = scope["path"]
        scope["mockserver.called"] = "/toy" + scope["path"]
        await self.pipeline(scope, receive, send)

    def items(self) -> list[dict[str, Any]]:
        return self.sandbox.collection("toy.items").find()


@pytest.fixture
async def toy_server(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path)
    yield running
    await running.sandbox.close()


async def test_a_call_is_answered_committed_and_journalled(toy_server: Running) -> None:
    answer = await toy_server.client.post("/v1/items", json={"id": "a"})
    assert (answer.status_code, answer.json()) == (201, {"id": "a", "state": "new"})
    assert answer.headers["x-toy"] == "made"
    entry = toy_server.sandbox.journal.get("1").view()
    assert entry["operation"] == "createItem"
    assert entry["path"] == "/toy/v1/items"
    assert entry["status"] == 201
    assert entry["request"]["body"] == '{"id":"a"}'
    assert entry["request"]["headers"]["authorization"] == "Bearer ***"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nowhere", 404, "not_found"),
        ("GET", "/items", 404, "not_found"),
        ("PATCH", "/v1/items", 405, "method_not_allowed"),
        ("GET", "/v1/items/unknown", 404, "not_found"),
    ],
)
async def test_every_error_is_in_the_services_own_envelope(
    toy_server: Running, method: str, path: str, status: int, code: str
) -> None:
    answer = await toy_server.client.request(method, path)
    assert (answer.status_code, answer.headers["x-toy-error"]) == (status, code)
    assert answer.json()["error"]


async def test_a_refused_method_names_those_that_are_allowed(toy_server: Running) -> None:
    answer = await toy_server.client.patch("/v1/items")
    assert answer.headers["allow"] == "GET, POST"


async def test_authentication_comes_before_validation(toy_server: Running) -> None:
    answer = await toy_server.client.post(
        "/v1/items", content=b"{", headers={"Authorization": "", "Content-Type": "application/json"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("content", "content_type", "status", "words"),
    [
        (b"{", "application/json", 400, "not valid JSON"),
        (b"", "application/json", 400, "/body"),
        (b"null", "application/json", 400, "/body"),
        (b"{}", "application/json", 400, "/body/id"),
        (b'{"id": 5}', "application/json", 400, "/body/id"),
        (b"id=a", "application/x-www-form-urlencoded", 415, "application/json"),
        (b"[" * 900, "application/json", 400, ""),
        (b'{"id":"' + b"a" * 1_000 + b'"}', "application/json", 413, "larger than 1000 bytes"),
    ],
)
async def test_a_body_that_breaks_the_contract_is_refused_and_changes_nothing(
    toy_server: Running, content: bytes, content_type: str, status: int, words: str
) -> None:
    answer = await toy_server.client.post(
        "/v1/items", content=content, headers={"Content-Type": content_type}
    )
    assert (answer.status_code, words in answer.json()["error"]) == (status, True)
    assert [item["id"] for item in toy_server.items()] == ["seeded"]


async def test_a_mistake_halfway_is_a_500_and_undone(toy_server: Running) -> None:
    answer = await toy_server.client.delete("/v1/items/seeded")
    assert answer.status_code == 500
    assert [item["id"] for item in toy_server.items()] == ["seeded"]


async def test_an_answer_that_breaks_its_contract_is_told_in_a_header(toy_server: Running) -> None:
    answer = await toy_server.client.put("/v1/items/seeded")
    assert (answer.status_code, answer.headers["mockserver-violation"]) == (200, "2")
    entry = toy_server.sandbox.journal.get("1").view()
    assert entry["violations"][0]["side"] == "response"


async def test_in_strict_mode_it_is_a_500_and_undone(tmp_path: Path) -> None:
    running = Running(tmp_path, strict=True)
    answer = await running.client.put("/v1/items/seeded")
    assert answer.status_code == 500
    assert answer.headers["mockserver-violation"]
    assert [item["id"] for item in running.items()] == ["seeded"]
    await running.sandbox.close()


async def test_an_operation_without_handler_answers_with_an_example_and_says_so(
    toy_server: Running,
) -> None:
    answer = await toy_server.client.get("/v1/example")
    assert (answer.json(), answer.headers["mockserver-example"]) == (7, "true")


async def test_state_changes_that_are_due_have_happened_before_anyone_looks(
    toy_server: Running,
) -> None:
    await toy_server.client.post("/v1/items", json={"id": "a"})
    assert (await toy_server.client.get("/v1/items/a")).json()["state"] == "new"
    toy_server.sandbox.clock.forward(toy_server.sandbox.clock.now() + 1)
    assert (await toy_server.client.get("/v1/items/a")).json()["state"] == "done"


async def test_at_instant_pace_all_is_done_before_the_answer_is_sent(tmp_path: Path) -> None:
    running = Running(tmp_path, pace="instant")
    await running.client.post("/v1/items", json={"id": "a"})
    assert running.items()[-1] == {"id": "a", "state": "done"}
    await running.sandbox.close()


async def test_a_limit_holds_while_its_setting_is_on(tmp_path: Path) -> None:
    running = Running(tmp_path, set=["toy.slow=true"])
    statuses = [(await running.client.get("/v1/items")).status_code for _ in range(2)]
    assert statuses == [200, 429]
    await running.sandbox.close()


async def test_an_answer_without_a_body_has_none(toy_server: Running) -> None:
    answer = await toy_server.client.post("/v1/nothing")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers


async def test_a_client_that_goes_away_in_the_middle_of_its_body_changes_nothing(
    toy_server: Running,
) -> None:
    messages = [
        {"type": "http.request", "body": b'{"id":', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError("there is no one to answer")

    scope: Scope = {
        "type": "http", "method": "POST", "path": "/v1/items", "query_string": b"",
        "headers": [(b"authorization", b"Bearer t"), (b"content-type", b"application/json")],
    }  # fmt: skip
    await toy_server(scope, receive, send)
    assert [item["id"] for item in toy_server.items()] == ["seeded"]
