"""Tests of a full disk: what writes is refused, looking goes on, and room mends everything."""

import logging
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from mockserver.app import App, create_app, declared
from mockserver.settings import Settings
from tests.calls import EXTEND, JSON, KINDS, LOOKS, POOL, PROJECT, TOLOKA
from tests.disk import Disk
from tests.processes import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


class Server:
    """The whole server in process, on a clock that only `advance` moves."""

    def __init__(self, app: App, client: httpx.AsyncClient) -> None:
        self.app = app
        self.client = client

    async def write(self, kind: str, mark: str, count: int = 2) -> httpx.Response:
        """A call of a kind that writes."""
        return await self.client.request(**KINDS[kind].request(mark, count))

    async def look(self, name: str) -> httpx.Response:
        """A call that only looks."""
        path, headers = LOOKS[name]
        return await self.client.get(path, headers=dict(headers))

    async def looks(self) -> dict[str, Any]:
        """What there is to see, apart from what goes on with real time."""
        seen = {}
        for name in LOOKS.keys() - {"health"}:
            answer = await self.look(name)
            assert answer.status_code == 200, (name, answer.text)
            seen[name] = answer.json()
        return seen

    async def advance(self, seconds: float = 60) -> httpx.Response:
        """Move the clock on."""
        return await self.client.post("/__admin/clock/advance", json={"seconds": seconds})

    async def marks(self, mark: str) -> Counter[str]:
        """How often each item of a call is there, wherever it is."""
        texts = [
            (await self.client.get(path, headers=headers)).text
            for path, headers in (
                (f"{PROJECT}/tasks.json?access_key=any&page_size=1000", JSON),
                (f"/toloka/api/v1/tasks?pool_id={POOL}&limit=1000", TOLOKA),
                ("/__admin/state/pipelines.tasks?limit=1000", JSON),
                ("/__admin/state/sama.marks", JSON),
            )
        ]
        return Counter(re.findall(rf"{mark}-\d+", "".join(texts)))


@asynccontextmanager
async def opened(folder: Path, *, kill: bool = False, **more: Any) -> AsyncIterator[Server]:
    """A server on a data folder; one that is killed leaves its folder as it is."""
    given = {"seed": 0, "clock": "frozen", "clock_start": "2026-01-01", "data_dir": folder}
    given |= more
    app = create_app(Settings.load(given, services=declared()))
    async with app.running():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield Server(app, client)
        if kill:
            for sandbox in app.sandboxes:
                await sandbox.discard()
            app.sandboxes._open.clear()


def envelope(kind: str, answer: httpx.Response) -> Any:
    """What says in the service's own words that it is unavailable."""
    body = answer.json()
    if kind == "sama":
        return body["errors"][0]["type"]
    if kind.startswith("toloka"):
        return body["code"]
    if kind == "pipelines":
        return body["error"]["code"]
    if kind.startswith("extend"):
        return body["code"], body["retryable"]
    return answer.headers["content-type"], body["status"]


UNAVAILABLE = {
    "sama": 503,
    "toloka": "REMOTE_SERVICE_UNAVAILABLE",
    "toloka, later": "REMOTE_SERVICE_UNAVAILABLE",
    "pipelines": "unavailable",
    "extend": ("INTERNAL_ERROR", True),
    "extend, one": ("INTERNAL_ERROR", True),
    "admin": ("application/problem+json", 503),
}


@pytest.mark.parametrize("room", [0, 1, 40])
async def test_what_writes_is_refused_whole_and_works_again_once_there_is_room(
    tmp_path: Path, disk: Disk, room: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, kill=True) as server:
        assert (await server.write("admin", "before")).is_success
        before = await server.looks()
        size = (tmp_path / "sandboxes/default/store.1.log").stat().st_size
        for kind, expected in UNAVAILABLE.items():
            disk.room = room
            answer = await server.write(kind, f"refused {kind}")
            assert answer.status_code == 503, (kind, answer.text)
            assert envelope(kind, answer) == expected
            assert await server.looks() == before
            assert (tmp_path / "sandboxes/default/store.1.log").stat().st_size == size
        assert [r.getMessage()[:18] for r in caplog.records] == ["no commit can be t"]
        assert not list((tmp_path / "sandboxes/default").glob("blobs/*"))
        disk.room = None
        for kind in UNAVAILABLE:
            answer = await server.write(kind, f"kept-{kind[:8].replace(',', '')}")
            assert answer.is_success, (kind, answer.text)
        assert (await server.advance()).is_success
        expected_marks = await server.marks("kept-[a-z]+")
        assert set(expected_marks.values()) == {1}
    async with opened(tmp_path) as server:
        assert await server.marks("kept-[a-z]+") == expected_marks
        assert await server.marks("before") == {"before-0": 1, "before-1": 1}
        assert not await server.marks("refused [a-z, ]+")
    said = [record.getMessage() for record in caplog.records if record.name == "mockserver.store"]
    assert said[1:] == ["commits are taken again"]


async def test_an_upload_is_refused_as_s3_does_and_leaves_nothing(
    tmp_path: Path, disk: Disk
) -> None:
    async with opened(tmp_path) as server:
        batch = (await server.client.post(f"{PROJECT}/batches.json?access_key=k", json={})).json()
        url, blobs = batch["tasks_put_url"], tmp_path / "sandboxes/default/blobs"
        tasks = b'[{"data": {"url": "https://assets.example/1.jpg"}}]'
        for room in (0, 10, len(tasks), len(tasks) + 20):
            disk.room = room
            answer = await server.client.put(url, content=tasks)
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/xml"
            assert ElementTree.fromstring(answer.content).findtext("Code") == "ServiceUnavailable"
            assert not list(blobs.glob("*"))
        disk.room = None
        assert (await server.client.put(url, content=tasks)).status_code == 200
        path = f"{PROJECT}/batches/{batch['batch_id']}"
        assert (await server.client.post(f"{path}/continue.json?access_key=k")).is_success
        await server.advance()
        found = (await server.client.get(f"{path}.json?access_key=k")).json()
        assert found["state"] == "completed"


async def test_work_that_is_due_waits_for_room_and_is_done_once(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as server:
        for kind in ("sama", "toloka, later"):
            assert (await server.write(kind, "later", 3)).is_success
        disk.room = 300
        refused = await server.advance()
        assert (refused.status_code, refused.json()["status"]) == (503, 503)
        assert not await server.marks("later")
        assert not [record for record in caplog.records if record.levelno >= logging.CRITICAL]
        disk.room = None
        assert (await server.advance()).is_success
        assert await server.marks("later") == {"later-0": 2, "later-1": 2, "later-2": 2}
        jobs = await server.client.get("/__admin/state/engine.jobs")
        assert jobs.json()["items"] == []
    assert [record.getMessage() for record in caplog.records][1:] == ["commits are taken again"]


async def test_the_clock_and_the_seed_stay_where_they_were(tmp_path: Path, disk: Disk) -> None:
    async with opened(tmp_path) as server:
        await server.write("pipelines", "kept")
        clock = (await server.client.get("/__admin/clock")).json()
        seen = await server.looks()
        disk.room = 0
        answer = await server.client.put("/__admin/clock", json={"now": "2030-01-01T00:00:00Z"})
        assert answer.status_code == 503
        assert (await server.client.post("/__admin/reset")).status_code == 503
        taken = await server.client.post("/__admin/snapshots", json={"name": "none"})
        assert taken.status_code == 503
        assert (await server.client.get("/__admin/clock")).json() == clock
        assert await server.looks() == seen
        requests = await server.client.get("/__admin/requests", params={"service": "pipelines"})
        assert requests.json()["total"] > 0
        assert (await server.client.get("/__admin/snapshots")).json()["items"] == []
        disk.room = None
        assert (await server.client.post("/__admin/reset")).is_success


async def test_a_sandbox_that_does_not_fit_leaves_its_name_free(tmp_path: Path, disk: Disk) -> None:
    async with opened(tmp_path) as server:
        made = {"name": "more", "credentials": ["key"]}
        disk.room = 500
        answer = await server.client.post("/__admin/sandboxes", json=made)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert not (tmp_path / "sandboxes/more").exists()
        disk.room = None
        assert (await server.client.post("/__admin/sandboxes", json=made)).status_code == 201


async def test_a_credential_whose_sandbox_does_not_fit_hears_it_from_the_service(
    tmp_path: Path, disk: Disk
) -> None:
    async with opened(tmp_path, isolation="token") as server:
        disk.room = 500
        for kind, expected in UNAVAILABLE.items():
            if kind != "admin":
                answer = await server.write(kind, "refused")
                assert (answer.status_code, envelope(kind, answer)) == (503, expected)
        disk.room = None
        assert (await server.write("toloka", "kept")).is_success


async def test_looking_at_what_counts_looks_goes_on(tmp_path: Path, disk: Disk) -> None:
    async with opened(tmp_path) as server:
        client = server.client
        body = {"transition": "extend.start_run", "polls": 2}
        assert (await client.put("/__admin/transitions", json=body)).is_success
        made = (await server.write("extend, one", "kept")).json()
        rule = {"where": {"service": "extend"}, "what": {"type": "latency", "seconds": 1}}
        assert (await client.post("/__admin/faults", json=rule)).is_success
        path = f"/extend/workflow_runs/{made['id']}"
        disk.room = 0
        for _ in range(4):
            assert (await client.get(path, headers=dict(EXTEND))).status_code == 200
        assert disk.refused >= 4
        disk.room = None
        jobs = (await client.get("/__admin/state/engine.jobs")).json()["items"]
        assert [job["polls"] for job in jobs] == [2]


async def test_a_server_with_a_full_disk_stops_and_starts_without_a_loss(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as server:
        assert (await server.write("admin", "kept")).is_success
        disk.room = 0
    assert "everything committed is in its log" in caplog.text
    async with opened(tmp_path) as server:
        assert await server.marks("kept") == {"kept-0": 1, "kept-1": 1}
        assert (await server.write("admin", "refused")).status_code == 503
        disk.room = None
        assert (await server.write("admin", "taken")).is_success
    async with opened(tmp_path) as server:
        assert await server.marks("[a-z]+") == {
            "kept-0": 1, "kept-1": 1, "taken-0": 1, "taken-1": 1
        }  # fmt: skip


def test_a_real_process_goes_on_at_a_limit_and_when_it_is_lifted(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    if not hasattr(resource, "prlimit"):
        pytest.skip("this system sets no limits from afar")
    ready = tmp_path / "ready.json"
    with serving(tmp_path / "data", ready) as (process, client):
        write = KINDS["admin"].request
        assert client.request(**write("before", 3)).is_success
        log = tmp_path / "data/sandboxes/default/store.1.log"
        size = log.stat().st_size
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 20, unlimited[1]))
        for kind, expected in UNAVAILABLE.items():
            answer = client.request(**KINDS[kind].request("refused"))
            assert (answer.status_code, envelope(kind, answer)) == (503, expected)
        assert client.get("/__admin/state/sama.marks").json()["total"] == 3
        assert log.stat().st_size == size
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert client.request(**write("after", 2)).is_success
        process.kill()
        process.wait()
    with serving(tmp_path / "data", ready) as (_, client):
        items = client.get("/__admin/state/sama.marks").json()["items"]
        assert [item["id"].partition("-")[0] for item in items] == ["before"] * 3 + ["after"] * 2
