"""Pipelines over real sockets, by plain HTTP: its own client is for customers of the platform."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from mockserver.server import ServerThread

pytestmark = pytest.mark.client

KEY = "pk_live_" + "1" * 40
PAYLOADS = Path(__file__).parents[2] / "fixtures" / "payloads"
READY = 20.0


@pytest.fixture
def api(server: ServerThread) -> Iterator[httpx.Client]:
    """A client of a server with a frozen clock."""
    base = f"{server.url}/pipelines/api/v1"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {KEY}"}) as client:
        client.post(f"{server.url}/__admin/reset").raise_for_status()
        yield client


def advance(client: httpx.Client, seconds: float = 60) -> None:
    """Let time pass."""
    root = str(client.base_url).partition("/pipelines")[0]
    client.post(f"{root}/__admin/clock/advance", json={"seconds": seconds}).raise_for_status()


def done(answer: httpx.Response) -> Any:
    """The parsed answer of a call that succeeded."""
    assert answer.status_code < 300, answer.text
    return answer.json()


def test_a_program_creates_tasks_and_polls_until_they_are_finished(api: httpx.Client) -> None:
    body = {"tasks": [{"fields": {"input_text": text}} for text in ("alpha", "beta")]}
    made = done(api.post("/workflows/42/tasks", json=body))
    statuses = []
    for _ in range(100):
        tasks = [done(api.get(f"/workflows/42/tasks/{task['id']}")) for task in made["tasks"]]
        statuses.append([task["status"] for task in tasks])
        if statuses[-1] == ["finished", "finished"]:
            break
        advance(api, 0.2)
    assert statuses[0] == ["pending", "pending"]
    assert ["in_progress", "in_progress"] in statuses
    assert statuses[-1] == ["finished", "finished"]


def test_requests_sends_the_key_in_the_other_header(server: ServerThread) -> None:
    url = f"{server.url}/pipelines/api/v1/workflows/42/schema"
    answer = requests.get(url, headers={"X-API-Key": KEY}, timeout=10)
    assert [field["name"] for field in answer.json()["fields"]] == ["input_text", "category"]
    assert requests.get(url, timeout=10).json()["error"]["code"] == "missing_api_key"


def test_the_real_host_is_known(server: ServerThread) -> None:
    answer = requests.get(
        f"{server.url}/api/v1/workflows/42",
        headers={"Host": "api.pipelines.tech", "X-API-Key": KEY},
        timeout=10,
    )
    assert answer.json()["id"] == 42


def test_the_payloads_to_try_are_accepted(api: httpx.Client) -> None:
    data = (PAYLOADS / "pipelines-tasks.json").read_bytes()
    headers = {"Content-Type": "application/json"}
    made = done(api.post("/workflows/42/tasks", content=data, headers=headers))
    assert made["created_count"] == 2
    file = {"file": ("tasks.csv", (PAYLOADS / "pipelines-tasks.csv").read_bytes(), "text/csv")}
    assert done(api.post("/workflows/42/tasks/csv", files=file))["created_count"] == 3
    file = {"file": ("d.json", (PAYLOADS / "pipelines-dataset.json").read_bytes(), "text/plain")}
    assert done(api.post("/datasets", files=file))["row_count"] == 2


def test_a_zip_goes_up_by_start_put_confirm_and_poll(api: httpx.Client) -> None:
    started = done(api.post("/workflows/43/tasks/upload", json={"filename": "photos.zip"}))
    data = (PAYLOADS / "pipelines-photos.zip").read_bytes()
    put = requests.put(
        started["upload_url"], data=data, headers=started["upload_headers"], timeout=10
    )
    assert put.status_code == 200
    path = f"/workflows/43/tasks/upload/{started['upload_id']}"
    assert done(api.post(f"{path}/confirm"))["status"] == "processing"
    advance(api)
    upload = done(api.get(path))
    assert (upload["status"], upload["tasks_created"]) == ("completed", 2)
    task = done(api.get(f"/workflows/43/tasks/{upload['task_ids'][0]}"))
    photo = requests.get(task["fields"]["photo"]["url"], timeout=10)
    assert photo.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("way", ["json", "csv", "zip"])
def test_five_thousand_tasks_in_one_call(api: httpx.Client, way: str) -> None:
    csv = b"input_text,category\n" + b"".join(b"text %d,demo\n" % number for number in range(5000))
    if way == "json":
        tasks = [{"fields": {"input_text": f"text {number}"}} for number in range(5000)]
        assert done(api.post("/workflows/42/tasks", json={"tasks": tasks}))["created_count"] == 5000
    elif way == "csv":
        file = {"file": ("tasks.csv", csv, "text/csv")}
        made = done(api.post("/workflows/42/tasks/csv", files=file, timeout=30))
        assert made["created_count"] == 5000
    else:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("tasks.csv", csv)
        headers = {"Content-Type": "application/zip"}
        answer = api.post("/workflows/42/tasks/zip", content=packed.getvalue(), headers=headers)
        path = f"/workflows/42/tasks/upload/{done(answer)['upload_id']}"
        advance(api, 1)
        assert done(api.get(path))["tasks_created"] == 5000
    assert done(api.get("/workflows/42"))["task_counts"]["total"] == 5000


def test_racing_claims_over_sockets_seed_exactly_one_task(api: httpx.Client) -> None:
    done(api.put("/workflows/44/infinite-seeding", json={}))
    for round in range(1, 4):
        page = done(api.get("/workflows/44/tasks"))
        last = page["items"][-1]["id"]
        statuses: list[int] = []

        def claim(number: int, task: int = last, into: list[int] = statuses) -> None:
            answer = httpx.post(
                f"{api.base_url}workflows/44/tasks/{task}/claim",
                headers={"X-API-Key": KEY, "Mockserver-User": f"u{number}"},
            )
            into.append(answer.status_code)

        threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] + [409] * 7
        assert done(api.get("/workflows/44/tasks"))["total"] == round + 1


class Killable:
    """A server in a process of its own, which can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ready = folder.parent / "ready"

    def start(self) -> subprocess.Popen[bytes]:
        """Start, and wait until it answers."""
        self.ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--seed", "7"]
        more = ["--data-dir", str(self.folder), "--ready-file", str(self.ready)]
        process = subprocess.Popen(
            [*command, *more, "--pace", "manual"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + READY
        while time.monotonic() < end:
            if process.poll() is not None:
                raise AssertionError("the server ended by itself")
            if self.ready.exists():
                return process
            time.sleep(0.02)
        process.kill()
        raise AssertionError("the server was not ready in time")

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(json.loads(self.ready.read_text())["url"])


def wait_for_progress(api: str, upload_id: str, than: int) -> None:
    """Look at an upload until more tasks have come of it, or it is done."""
    end = time.monotonic() + READY
    while time.monotonic() < end:
        upload = done(httpx.get(f"{api}/tasks/upload/{upload_id}", headers={"X-API-Key": KEY}))
        if upload["tasks_created"] > than or upload["status"] == "completed":
            return
        time.sleep(0.01)


def test_a_server_killed_while_it_works_neither_loses_nor_doubles_a_task(tmp_path: Path) -> None:
    """A ZIP of 3,000 rows, killed again and again while it is made into tasks."""
    server = Killable(tmp_path / "data")
    csv = b"input_text,category\n" + b"".join(b"text %d,demo\n" % number for number in range(3000))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tasks.csv", csv)
    headers = {"X-API-Key": KEY}
    with ExitStack() as stack:
        process = server.start()

        def stop() -> None:
            process.kill()
            process.wait()

        stack.callback(stop)
        api = f"{server.url}/pipelines/api/v1/workflows/42"
        answer = httpx.post(
            f"{api}/tasks/zip",
            content=packed.getvalue(),
            headers={**headers, "Content-Type": "application/zip"},
        )
        upload_id = done(answer)["upload_id"]
        seen: list[int] = []
        for _ in range(4):
            wait_for_progress(api, upload_id, seen[-1] if seen else 0)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process = server.start()
            api = f"{server.url}/pipelines/api/v1/workflows/42"
            upload = done(httpx.get(f"{api}/tasks/upload/{upload_id}", headers=headers))
            seen.append(upload["tasks_created"])
        end = time.monotonic() + 30
        while upload["status"] != "completed" and time.monotonic() < end:
            time.sleep(0.1)
            upload = done(httpx.get(f"{api}/tasks/upload/{upload_id}", headers=headers))
        assert (upload["status"], upload["tasks_created"]) == ("completed", 3000)
        assert len(set(upload["task_ids"])) == 3000
        total = done(httpx.get(api, headers=headers))["task_counts"]["total"]
        assert total == 3000
        assert seen == sorted(seen)
        if not any(0 < count < 3000 for count in seen):
            pytest.skip("every kill came before the first task or after the last one")
