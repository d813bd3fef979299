"""Tests of what each service says of an upload that has expired, as `--uploads-age` lets it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from mockserver.app import create_app, declared
from mockserver.engine.sandbox import Sandbox
from mockserver.settings import Settings
from tests.calls import EXTEND, PIPELINES, PROJECT, TOLOKA, WORKFLOW

pytestmark = pytest.mark.anyio

AGE = 3600
MULTIPART = {name: value for name, value in EXTEND.items() if name != "Content-Type"}


class World:
    """The server, on a clock that only `wait` moves."""

    def __init__(self, sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        self.sandbox = sandbox
        self.client = client

    async def call(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """The parsed answer, which has this status."""
        answer = await self.client.request(method, path, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def wait(self, seconds: float = AGE) -> None:
        """Move the clock on."""
        await self.call("POST", "/__admin/clock/advance", json={"seconds": seconds})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    given = {
        "seed": 0, "clock": "frozen", "clock_start": "2026-01-01", "pace": "manual",
        "data_dir": tmp_path, "uploads_age": AGE,
    }  # fmt: skip
    app = create_app(Settings.load(given, services=declared()))
    async with app.running():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield World(app.sandboxes["default"], client)


async def test_sama_has_no_tasks_file_to_go_on_with(world: World) -> None:
    batch = await world.call("POST", f"{PROJECT}/batches.json?access_key=k", 202, json={})
    await world.client.put(batch["tasks_put_url"], content=b"[]")
    await world.wait()
    path = f"{PROJECT}/batches/{batch['batch_id']}/continue.json?access_key=k"
    refused = await world.call("POST", path, 400)
    assert "No tasks file" in refused["errors"][0]["message"]


async def test_a_zip_of_pipelines_is_gone(world: World) -> None:
    path = "/pipelines/api/v1/workflows/43/tasks/upload"
    upload = await world.call("POST", path, 201, headers=PIPELINES, json={"filename": "a.zip"})
    await world.client.put(upload["upload_url"], content=b"PK")
    polled = await world.call("GET", f"{path}/{upload['upload_id']}", headers=PIPELINES)
    assert polled["status"] == "uploaded"
    await world.wait()
    refused = await world.call("GET", f"{path}/{upload['upload_id']}", 410, headers=PIPELINES)
    assert refused["error"]["code"] == "upload_expired"


async def test_extend_links_to_nothing_and_a_run_of_the_file_fails(world: World) -> None:
    files = {"file": ("notes.txt", b"some notes", "text/plain")}
    made = await world.call("POST", "/extend/files/upload", headers=MULTIPART, files=files)
    await world.wait()
    file = await world.call("GET", f"/extend/files/{made['id']}", headers=EXTEND)
    answer = await world.client.get(file["presignedUrl"])
    assert answer.status_code == 404
    assert ElementTree.fromstring(answer.content).findtext("Code") == "NoSuchKey"
    body = {"workflow": {"id": WORKFLOW}, "file": {"id": made["id"]}}
    run = await world.call("POST", "/extend/workflow_runs", headers=EXTEND, json=body)
    await world.wait(60)
    run = await world.call("GET", f"/extend/workflow_runs/{run['id']}", headers=EXTEND)
    assert run["status"] == "FAILED"
    assert "has expired" in str(run)


async def test_an_attachment_of_toloka_is_there_without_its_bytes(world: World) -> None:
    attachment = {
        "id": "6955b90042fb717c62000000",
        "attachment_type": "ASSIGNMENT_ATTACHMENT",
        "name": "photo.png",
        "details": {"user_id": "u", "assignment_id": "a", "pool_id": "1000006"},
        "created": "2026-01-01T00:00:00.000",
        "media_type": "image/png",
        "owner": {"id": "o", "myself": True, "company_id": "1"},
    }
    world.sandbox.collection("toloka.attachments").put(attachment)
    world.sandbox.uploads.put(f"toloka/attachments/{attachment['id']}", b"png")
    world.sandbox.commit()
    path = f"/toloka/api/v1/attachments/{attachment['id']}/download"
    answer = await world.client.get(path, headers=TOLOKA)
    assert answer.content == b"png"
    await world.wait()
    refused = await world.call("GET", path, 404, headers=TOLOKA)
    assert refused["code"] == "DOES_NOT_EXIST"


async def test_a_batch_of_toloka_that_waits_longer_than_that_is_not_lost(world: World) -> None:
    body = {"transition": "toloka.create_tasks", "seconds": 3 * AGE}
    await world.call("PUT", "/__admin/transitions", json=body)
    tasks = [{"pool_id": "1000006", "overlap": 1, "input_values": {"image": "https://x/1"}}]
    path = "/toloka/api/v1/tasks?async_mode=true"
    operation = await world.call("POST", path, 202, headers=TOLOKA, json=tasks)
    await world.wait(4 * AGE)
    path = f"/toloka/api/v1/operations/{operation['id']}"
    ended = await world.call("GET", path, headers=TOLOKA)
    assert (ended["status"], ended["details"]["success_count"]) == ("SUCCESS", 1)
