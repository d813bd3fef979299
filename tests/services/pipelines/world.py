"""A frozen sandbox with Pipelines alone, called in process."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from mockserver.app import App, create_world
from mockserver.engine.sandbox import Sandbox
from mockserver.services.pipelines import service
from mockserver.settings import Settings

KEY = "pk_live_" + "1" * 40
OTHER_KEY = "pk_live_" + "2" * 40
VIEWER_KEY = "pk_live_" + "3" * 40
EXPIRED_KEY = "pk_live_" + "4" * 40
REVOKED_KEY = "pk_live_" + "5" * 40
CONTRIBUTOR_KEY = "pk_live_" + "6" * 40

START = 1_767_695_460.0
"""2026-01-06T10:31:00.000Z."""

BASE = "/pipelines/api/v1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)

Refusal = tuple[int, str]


def settings_of(folder: Path, **settings: Any) -> Settings:
    """Frozen, seeded, strict, and played by hand, whatever else is asked for."""
    own = {each.name: each.default for each in service.settings}
    own.update({name: settings.pop(name) for name in list(settings) if name in own})
    return Settings(
        **{
            "data_dir": folder,
            "seed": 7,
            "clock": 0.0,
            "clock_start": START,
            "strict": True,
            "pace": "manual",
            **settings,
        },
        services=own,
    )


class World:
    """The application, and the calls that tests make to it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080"
        )

    @classmethod
    def of(cls, folder: Path, **settings: Any) -> "World":
        """A world in a folder, not yet running; dotted settings are the service's own."""
        own = {name.replace("__", "."): value for name, value in settings.items()}
        return cls(App(create_world(settings_of(folder, **own), [service])))

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox behind the calls."""
        return self.app.sandboxes["default"]

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = KEY,
        user: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """A call with a key, and a contributor where one is named."""
        headers = dict(more.pop("headers", {}))
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if user:
            headers["Mockserver-User"] = user
        if body is not None:
            more["json"] = body
        return await self.client.request(method, BASE + path, headers=headers, **more)

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The parsed answer of a call that must succeed."""
        answer = await self.call(method, path, body, **more)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> Refusal:
        """Status and code of a call that must fail, in the envelope, and change nothing."""
        error = await self.error(method, path, body, **more)
        return error["status"], error["code"]

    async def error(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """The error of a call that must fail and change nothing."""
        self.sandbox.jobs.run_due(self.sandbox)
        before = self.counts()
        answer = await self.call(method, path, body, **more)
        assert self.counts() == before
        error: dict[str, Any] = answer.json()["error"]
        assert error.keys() == {"code", "message", "details", "request_id"}
        return {**error, "status": answer.status_code}

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """The parsed answer of a control that must succeed."""
        answer = await self.control_call(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def control_call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer of a control."""
        return await self.client.request(
            method,
            f"/__admin/services/pipelines{path}",
            **({} if body is None else {"json": body}),
        )

    async def create(self, workflow: int = 42, count: int = 1, **fields: Any) -> list[int]:
        """Tasks from JSON; their ids."""
        given = {"input_text": "alpha", **fields} if workflow in (42, 45) else fields
        body = {"tasks": [{"fields": given} for _ in range(count)]}
        answer = await self.ask("POST", f"/workflows/{workflow}/tasks", body)
        return [task["id"] for task in answer["tasks"]]

    async def make(self, *, fields: Any = (), nodes: Any = (), **more: Any) -> int:
        """A pipeline of project 7, active unless told otherwise; its id."""
        body = {
            "project_id": 7,
            "name": "Made",
            "status": "active",
            "fields": list(fields),
            "nodes": list(nodes),
            **more,
        }
        return int((await self.control("POST", "/workflows", body))["id"])

    async def claim(self, workflow: int, task: int, user: str = "u1", **body: Any) -> Any:
        """A successful claim."""
        path = f"/workflows/{workflow}/tasks/{task}/claim"
        return await self.ask("POST", path, body, user=user)

    async def submit(self, workflow: int, task: int, user: str = "u1", **fields: Any) -> Any:
        """A successful submission."""
        path = f"/workflows/{workflow}/tasks/{task}/submit"
        return await self.ask("POST", path, {"fields": fields}, user=user)

    async def review(
        self, workflow: int, task: int, outcome: str, user: str = "r1", reason: str = "Too vague"
    ) -> Any:
        """A successful claim of a review, and its verdict."""
        await self.claim(workflow, task, user)
        body = {"outcome": outcome, "reason": reason if outcome == "fail" else None}
        path = f"/workflows/{workflow}/tasks/{task}/review"
        return await self.ask("POST", path, body, user=user)

    async def finish(self, task: int, **fields: Any) -> None:
        """A task taken to its end by simulated people."""
        answer = await self.control("POST", f"/tasks/{task}/complete", {"fields": fields})
        assert answer["status"] == "finished"

    async def force(self, task: int, status: str) -> Any:
        """A task put into a status."""
        return await self.control("POST", f"/tasks/{task}/status", {"status": status})

    async def task(self, workflow: int, task: int) -> dict[str, Any]:
        """A task in full."""
        found: dict[str, Any] = await self.ask("GET", f"/workflows/{workflow}/tasks/{task}")
        return found

    async def tasks(self, workflow: int, **query: Any) -> list[dict[str, Any]]:
        """The first 200 tasks of a workflow."""
        page = await self.ask(
            "GET", f"/workflows/{workflow}/tasks", params={"page_size": 200, **query}
        )
        found: list[dict[str, Any]] = page["items"]
        return found

    async def zipped(self, workflow: int, files: Mapping[str, bytes]) -> dict[str, Any]:
        """An archive started, put, confirmed and processed; the upload as it is polled."""
        started = await self.ask(
            "POST", f"/workflows/{workflow}/tasks/upload", {"filename": "batch.zip"}
        )
        put = await self.client.put(started["upload_url"], content=archive(files))
        assert put.status_code == 200, put.text
        path = f"/workflows/{workflow}/tasks/upload/{started['upload_id']}"
        await self.ask("POST", f"{path}/confirm")
        await self.advance()
        found: dict[str, Any] = await self.ask("GET", path)
        return found

    async def advance(self, seconds: float = 60.0) -> None:
        """Let time pass, and with it everything that falls due."""
        await self.sandbox.advance(seconds=seconds)

    def documents(self, name: str) -> list[dict[str, Any]]:
        """All documents of a collection."""
        return self.sandbox.collection(f"pipelines.{name}").find()

    def counts(self) -> dict[str, int]:
        """How many documents each collection of Pipelines holds, and how many jobs wait."""
        store = self.sandbox.store
        return {
            name: len(store.collection(name))
            for name in store.collections()
            if name.startswith("pipelines.") or name == "engine.jobs"
        }


def archive(files: Mapping[str, bytes]) -> bytes:
    """A ZIP with these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as found:
        for name, data in files.items():
            found.writestr(name, data)
    return packed.getvalue()
