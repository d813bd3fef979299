"""A frozen sandbox with Sama alone, called in process."""

from pathlib import Path
from typing import Any

import httpx

from mockserver.app import App, create_world
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sending import Sender
from mockserver.engine.targets import Targets
from mockserver.services.sama import service
from mockserver.settings import Settings

KEY = "sama-demo-key"
START = 1_710_276_601.120
"""2024-03-12T20:50:01.120Z."""


def settings_of(folder: Path, **settings: Any) -> Settings:
    """Frozen, seeded and strict, whatever else is asked for."""
    own = {"sama.status_limit": settings.pop("status_limit", False)}
    return Settings(
        **{
            "data_dir": folder,
            "seed": 7,
            "clock": 0.0,
            "clock_start": START,
            "strict": True,
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
        """A world in a folder, not yet running."""
        return cls(App(create_world(settings_of(folder, **settings), [service])))

    @property
    def sandbox(self) -> Sandbox:
        """The sandbox behind the calls."""
        return self.app.sandboxes["default"]

    async def call(
        self, method: str, path: str, body: Any = None, *, project: int = 117, **query: Any
    ) -> httpx.Response:
        """A call to a path below the project, with a key."""
        return await self.client.request(
            method,
            f"/sama/v2/projects/{project}{path}",
            params={"access_key": KEY, **query},
            **({} if body is None else {"json": body}),
        )

    async def ask(
        self, method: str, path: str, body: Any = None, *, project: int = 117, **query: Any
    ) -> Any:
        """The parsed answer of a call that must succeed."""
        answer = await self.call(method, path, body, project=project, **query)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def refused(
        self, method: str, path: str, body: Any = None, *, project: int = 117, **query: Any
    ) -> tuple[int, str]:
        """Status and first message of a call that must fail, in Sama's envelope."""
        before = self.counts()
        answer = await self.call(method, path, body, project=project, **query)
        assert self.counts() == before
        (first, *_) = answer.json()["errors"]
        assert first.keys() == {"type", "message"}
        return answer.status_code, first["message"]

    async def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The parsed answer of a control."""
        answer = await self.client.request(
            method,
            f"/__admin/services/sama{path}",
            params=query,
            **({} if body is None else {"json": body}),
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def batch(self, *data: dict[str, Any], project: int = 117, **more: Any) -> dict[str, Any]:
        """An inline batch of tasks with this data; the answer."""
        tasks = [{"data": each} for each in data]
        found: dict[str, Any] = await self.ask(
            "POST", "/batches.json", {"tasks": tasks, **more}, project=project
        )
        return found

    async def waiting(self, project: int = 117, **more: Any) -> tuple[int, str]:
        """A waiting batch: its number and the URL for the file."""
        body = {"notification_email": None, "tasks_file_name": "python_sdk", **more}
        answer = await self.ask("POST", "/batches.json", body, project=project)
        return answer["batch_id"], answer["tasks_put_url"]

    async def upload(self, url: str, content: bytes) -> httpx.Response:
        """PUT to a presigned URL, as the client does it."""
        return await self.client.put(
            url, content=content, headers={"Content-Type": "application/json"}
        )

    async def task(self, id: str) -> dict[str, Any]:
        """A task as single status shows it."""
        found: dict[str, Any] = (await self.ask("GET", f"/tasks/{id}.json"))["task"]
        return found

    async def callbacks(self, *events: str, auth: Any = None, project: int = 117) -> None:
        """Set these callbacks to inboxes named after them, which are reached in this process."""

        async def here(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        transport = httpx.ASGITransport(app=self.app)
        self.sandbox.webhooks._sender = Sender(Targets((), here), transport=transport)
        body = {
            event: {"url": f"http://127.0.0.1:8080/__inbox/{event}", "auth": auth}
            for event in events
        }
        await self.control("PUT", f"/projects/{project}/callbacks", body)

    def inbox(self, event: str) -> list[dict[str, Any]]:
        """What came to the inbox of an event, the oldest first."""
        messages, _ = self.sandbox.inbox.messages(event, limit=10_000)
        return messages

    async def advance(self, seconds: float = 60.0) -> None:
        """Let time pass, and with it everything that falls due."""
        await self.sandbox.advance(seconds=seconds)

    def documents(self, name: str) -> list[dict[str, Any]]:
        """All documents of a collection."""
        return self.sandbox.collection(f"sama.{name}").find()

    def counts(self) -> dict[str, int]:
        """How many documents each of Sama's collections holds, and how many jobs wait."""
        store = self.sandbox.store
        return {
            name: len(store.collection(name))
            for name in store.collections()
            if name.startswith("sama.") or name == "engine.jobs"
        }


def urls(count: int, **more: Any) -> list[dict[str, Any]]:
    """Data of tasks that fit project 117."""
    return [{"url": f"https://assets.example/{n}.jpg", **more} for n in range(count)]
